import { type Id, newId } from "../../lib/ids.ts";
import { addressKey, parseMailbox } from "../../lib/mailbox.ts";
import type { Context } from "../context.ts";
import type { Change } from "../events.ts";
import { sealBody } from "./body.ts";
import { mailQueued } from "./events.ts";
import { bodyOf } from "./layout.ts";
import { type Brand, type MailType, ownBrand, type Reader } from "./letter.ts";
import { enqueueMail } from "./send.ts";
import { unsubscribeUrl } from "./unsubscribe.ts";

export interface QueueOptions {
  /** Whose mail it is: the actor's workspace when left out; null for the installation's. */
  readonly workspaceId?: Id<"ws"> | null;
  /** Until when what the body says opens something. The body is not kept longer. */
  readonly secretUntil?: number;
  readonly brand?: Brand;
}

/**
 * Puts a mail into the outbox, as a part of the change it tells of: no mail goes out for what was rolled back, and
 * none is forgotten. It is sent by a job, or waits for the operator where no mail server is set.
 */
export async function queueMail<Props>(
  tx: Change,
  ctx: Context,
  type: MailType<Props>,
  reader: Reader,
  props: Props,
  options: QueueOptions = {},
): Promise<Id<"mail">> {
  const { workspaceId = ctx.actor.workspaceId, secretUntil, brand = ownBrand } = options;
  // Whoever took the address from a person has checked it: this is the last door before the envelope.
  if (parseMailbox(reader.email)?.address !== reader.email)
    throw new Error(`a mail of ${type.name} is for something that is no address`);
  const id = newId("mail", tx.now);
  const letter = type.write(props, reader);
  const leave = type.topic === null ? null : unsubscribeUrl(ctx, reader.email, type.topic.name);
  await tx.insert(ctx.db.tables.mails).values({
    id,
    workspaceId,
    type: type.name,
    topic: type.topic?.name ?? null,
    recipient: reader.email,
    recipientName: reader.name,
    recipientKey: addressKey(reader.email),
    fromName: brand.name,
    subject: letter.subject,
    body: sealBody(ctx, id, bodyOf(letter, reader, brand, leave)),
    unsubscribeUrl: leave,
    secretUntil: secretUntil ?? null,
    status: ctx.mail.configured ? "queued" : "waiting",
    attempts: 0,
    log: [],
    createdAt: tx.now,
    updatedAt: tx.now,
    sentAt: null,
  });
  tx.record(mailQueued, id, { id, type: type.name }, workspaceId);
  if (ctx.mail.configured) enqueueMail(tx, { id, workspaceId, topic: type.topic?.name ?? null });
  return id;
}
