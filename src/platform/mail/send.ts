import { Type as t } from "@sinclair/typebox";
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { MailAttempt, MailStatus } from "../../db/schema/mail.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../context.ts";
import { type Change, change } from "../events.ts";
import { Ended } from "../jobs/failure.ts";
import { defineJob, type Job } from "../jobs/job.ts";
import { openBody } from "./body.ts";
import { mailDeferred, mailExpired, mailFailed, mailQueued, mailSent, mailSuppressed } from "./events.ts";
import { suppress } from "./suppressions.ts";
import { MailFailure } from "./transport.ts";

/** Minutes between attempts: a server that greylists wants some, and one that is down may be so for a day. */
const PAUSES_MINUTES = [1, 5, 15, 60, 240, 480, 720];

export const sendMailJob = defineJob({
  name: "mail.send",
  queue: "mail",
  args: t.Object({ mail: t.String() }),
  attemptsMax: PAUSES_MINUTES.length + 1,
  timeoutMs: 120_000,
  backoff: (attempt) => (PAUSES_MINUTES[attempt - 1] ?? 720) * 60_000,
  run: (ctx, { mail }, job) => sendMail(ctx, mail, job),
});

type Mail = Context["db"]["tables"]["mails"]["$inferSelect"];

/** What somebody waits for goes before what can be unsubscribed, however much of that is queued. */
const PRIORITY = { asked: -10, topic: 10 } as const;

/** Leaves the work of sending a mail that was set to `queued`. A mail has one such job at a time. */
export function enqueueMail(
  tx: Change,
  { id, topic, workspaceId }: Pick<Mail, "id" | "topic" | "workspaceId">,
) {
  const priority = topic === null ? PRIORITY.asked : PRIORITY.topic;
  tx.enqueue(sendMailJob, { mail: id }, { workspaceId, uniqueKey: id, priority });
}

/** Whether a mail's job has not ended: as the unique key has it, by whose index it is found. */
export function hasJob({ db }: Pick<Context, "db">): SQL {
  const { jobs, mails } = db.tables;
  return sql`exists (select 1 from ${jobs} where ${jobs.uniqueKey} = ${`${sendMailJob.name}:`} || ${mails.id}
    and ${jobs.state} in ('scheduled', 'waiting', 'running'))`;
}

/** Attempts that the delivery log holds. */
export const LOGGED = 20;

/**
 * Sends a mail that still waits in the outbox. Sending cannot be taken back and is not part of any transaction: who
 * is killed between the server's answer and our note of it sends again, under the same Message-ID.
 * @throws MailFailure when it is to be tried again
 */
export async function sendMail(
  ctx: Context,
  id: string,
  job: Pick<Job, "attempt" | "attemptsMax" | "signal">,
) {
  const mail = await queuedMail(ctx, id);
  if (mail === null) return;
  const body = openBody(ctx, mail);
  if (body === null || (mail.secretUntil !== null && mail.secretUntil <= ctx.clock.now()))
    return settle(ctx, mail, "expired", null, (tx) =>
      tx.record(mailExpired, mail.id, told(mail), mail.workspaceId),
    );
  if (!ctx.mail.configured)
    return settle(ctx, mail, "waiting", null, (tx) =>
      tx.record(mailQueued, mail.id, told(mail), mail.workspaceId),
    );
  const reason = await suppressionOf(ctx, mail);
  if (reason !== null)
    return settle(ctx, mail, "suppressed", null, (tx) =>
      tx.record(mailSuppressed, mail.id, { ...told(mail), reason }, mail.workspaceId),
    );
  try {
    const message = await ctx.mail.send(
      {
        to: { name: mail.recipientName ?? "", address: mail.recipient },
        fromName: mail.fromName,
        subject: mail.subject,
        ...body,
        messageId: mail.id,
        unsubscribeUrl: mail.unsubscribeUrl,
      },
      job.signal,
    );
    await settle(ctx, mail, "sent", { accepted: true, message }, (tx) =>
      tx.record(mailSent, mail.id, told(mail), mail.workspaceId),
    );
  } catch (error) {
    const failure = isTimedOut(error) ? new MailFailure("later", `The mail server: ${error.message}`) : error;
    if (!(failure instanceof MailFailure)) throw error;
    await failed(ctx, mail, failure, job.attempt >= job.attemptsMax);
  }
}

/** A server that says a little now and then outlasts every silence that is waited for. */
const isTimedOut = (error: unknown): error is Ended => error instanceof Ended && error.code === "TIMED_OUT";

async function failed(ctx: Context, mail: Mail, error: MailFailure, isLast: boolean): Promise<void> {
  const { kind, message } = error;
  const isOver = isLast || kind !== "later";
  await settle(ctx, mail, isOver ? "failed" : "queued", { accepted: false, message }, async (tx) => {
    const data = { ...told(mail), message: withoutAddresses(message) };
    tx.record(isOver ? mailFailed : mailDeferred, mail.id, data, mail.workspaceId);
    if (kind === "bounced") await suppress(tx, ctx, mail.recipientKey, "", "bounced", message);
  });
  if (!isOver) throw error;
}

const told = ({ id, type }: Mail) => ({ id, type });

/** Servers like to say whom they do not know; events are kept longer than who was written to. */
const withoutAddresses = (message: string): string =>
  message.replace(/[^\s<>"':;,@]+@[^\s<>"':;,@]+/g, "…@…");

async function queuedMail(ctx: Context, id: string): Promise<Mail | null> {
  const { mails } = ctx.db.tables;
  const [mail] = await ctx.db.read
    .select()
    .from(mails)
    .where(and(eq(mails.id, id as Id<"mail">), eq(mails.status, "queued")))
    .limit(1);
  return mail ?? null;
}

/** Nobody who asked for a code is kept from it, whatever became of a newsletter. */
async function suppressionOf(ctx: Context, { topic, recipientKey }: Mail): Promise<string | null> {
  if (topic === null) return null;
  const { mailSuppressions: list } = ctx.db.tables;
  const [found] = await ctx.db.read
    .select({ reason: list.reason })
    .from(list)
    .where(and(eq(list.addressKey, recipientKey), inArray(list.topic, ["", topic])))
    .limit(1);
  return found?.reason ?? null;
}

/** Notes what became of an attempt. A code that was delivered, or is good no longer, has no business here. */
async function settle(
  ctx: Context,
  mail: Mail,
  status: MailStatus,
  attempt: Omit<MailAttempt, "at"> | null,
  record: (tx: Change) => void | Promise<void>,
): Promise<void> {
  const { mails } = ctx.db.tables;
  const isSpent = mail.secretUntil !== null && !["queued", "waiting"].includes(status);
  await change(ctx, async (tx) => {
    await tx
      .update(mails)
      .set({
        status,
        attempts: mail.attempts + (attempt === null ? 0 : 1),
        log: attempt === null ? mail.log : [...mail.log, { at: tx.now, ...attempt }].slice(-LOGGED),
        updatedAt: tx.now,
        ...(status === "sent" ? { sentAt: tx.now } : {}),
        ...(isSpent ? { body: null } : {}),
      })
      .where(eq(mails.id, mail.id));
    await record(tx);
  });
}
