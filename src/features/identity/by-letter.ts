import { Type as t } from "@sinclair/typebox";
import { eq } from "drizzle-orm";
import { type Id, newId } from "../../lib/ids.ts";
import { addressKey } from "../../lib/mailbox.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import { insertJobs, jobRow } from "../../platform/jobs/enqueue.ts";
import { defineJob } from "../../platform/jobs/job.ts";
import type { MailType } from "../../platform/mail/letter.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { knownDevice } from "./device.ts";
import { letterAsked, letterSettled } from "./events.ts";
import {
  accountExistsMail,
  resetPasswordMail,
  signInCodeMail,
  verifyEmailMail,
  type Whence,
} from "./letters.ts";
import { linkTo } from "./link.ts";
import { readerOf, whenceOf } from "./notices.ts";
import { addProofApart, codeMac, newCode, type ProofKind, renewProof } from "./proofs.ts";
import { type UserRow, userByKey } from "./store.ts";
import { perAddress, perDeviceLetter, perLetter, takeTry, takeTryFrom } from "./throttle.ts";

/** What can be asked for by anybody who names an address. */
const lives = {
  sign_up: 86_400_000,
  sign_in_code: 10 * 60_000,
  reset_password: 30 * 60_000,
} as const satisfies Partial<Record<ProofKind, number>>;
type Asked = keyof typeof lives;

/**
 * Asks for a letter. Whether there is such an account is not looked at here: a job does, once the answer has gone out.
 * So neither the answer, nor its time, tells who has an account.
 * @param prepare what costs something, and waits until the try was counted
 */
export async function askByLetter(
  ctx: Context,
  kind: Asked,
  { email, deviceToken = null }: { readonly email: string; readonly deviceToken?: string | null },
  prepare: () => Promise<Record<string, unknown>> = async () => ({}),
): Promise<{ secret: string; expiresAt: number }> {
  await takeTryFrom(ctx, perAddress);
  await countLetter(ctx, addressKey(email), deviceToken);
  const data = await prepare();
  const by = { actorId: ctx.actor.id, workspaceId: null };
  const jobs: ReturnType<typeof jobRow>[] = [];
  const proof = await addProofApart(
    ctx,
    (now) => ({
      kind,
      userId: null,
      data: { ...data, email, whence: whenceOf(ctx, now) },
      lifeMs: lives[kind],
    }),
    async (tx, id) => {
      // It may be run again.
      jobs.splice(0, 1, jobRow(newId("job", tx.now), writeLetterJob, { proof: id }, { ...by, now: tx.now }));
      await insertJobs(tx, ctx.db, jobs);
    },
  );
  ctx.jobs.enqueued(jobs);
  const { network } = ctx.origin;
  // Not an event of its own each: whoever asks chooses how often.
  void ctx.denials.note(ctx, {
    type: letterAsked,
    subjectId: "nobody",
    data: { kind, network },
    workspaceId: null,
  });
  return proof;
}

/** Strangers who ask in somebody's name keep nobody from their own letters: a device that is known is counted apart. */
async function countLetter(ctx: Context, key: string, deviceToken: string | null): Promise<void> {
  const user = deviceToken === null ? null : await userByKey(ctx, key);
  const device = user && knownDevice(ctx, user.id, deviceToken);
  if (device) await takeTry(ctx, perDeviceLetter, `${user.id}\n${device}`, user.id);
  else await takeTry(ctx, perLetter, key);
}

export const writeLetterJob = defineJob({
  name: "identity.write-letter",
  args: t.Object({ proof: t.String() }),
  queue: "mail",
  run: (ctx, { proof }) => writeLetter(ctx, proof as Id<"prf">),
});

type Row = Context["db"]["tables"]["proofs"]["$inferSelect"];

/** Writes to whoever has the address. A second run writes another, and the first is good no longer. */
async function writeLetter(ctx: Context, id: Id<"prf">): Promise<void> {
  await change(ctx, async (tx) => {
    const { proofs } = ctx.db.tables;
    const [proof] = await tx.select().from(proofs).where(eq(proofs.id, id)).limit(1);
    if (!proof || proof.expiresAt <= tx.now) throw new Unchanged(undefined);
    const kind = proof.kind as Asked;
    const user = await userByKey(ctx, addressKey(String(proof.data["email"])), tx);
    const open = user?.disabledAt === null ? user : null;
    const written = await writers[kind](tx, ctx, proof, kind === "sign_up" ? user : open);
    if (!written) throw new Unchanged(undefined);
    tx.record(letterSettled, id, { kind }, null);
  });
}

/** Each answers whether it wrote. `user` is who has the address. */
const writers: Readonly<
  Record<Asked, (tx: Change, ctx: Context, proof: Row, user: UserRow | null) => Promise<boolean>>
> = {
  async sign_up(tx, ctx, proof, user) {
    if (user !== null) {
      await tx.delete(ctx.db.tables.proofs).where(eq(ctx.db.tables.proofs.id, proof.id));
      if (user.disabledAt !== null) return false;
      await write(tx, ctx, accountExistsMail, user, proof, { url: `${ctx.baseUrl() ?? ""}/admin` }, null);
      return true;
    }
    const token = await renewProof(tx, ctx, proof, null);
    await write(tx, ctx, verifyEmailMail, null, proof, { url: linkTo(ctx, "verify", token) });
    return true;
  },
  async sign_in_code(tx, ctx, proof, user) {
    if (user === null) return false;
    const code = newCode();
    const { proofs } = ctx.db.tables;
    await tx
      .update(proofs)
      .set({ userId: user.id, data: { ...proof.data, code: codeMac(ctx, proof.id, code) } })
      .where(eq(proofs.id, proof.id));
    await write(tx, ctx, signInCodeMail, user, proof, { code });
    return true;
  },
  async reset_password(tx, ctx, proof, user) {
    if (user === null) return false;
    // The links of before stay good for their half an hour: whoever asks in somebody's name voids none of theirs.
    const token = await renewProof(tx, ctx, proof, user.id);
    await write(tx, ctx, resetPasswordMail, user, proof, { url: linkTo(ctx, "reset", token) });
    return true;
  },
};

async function write<Props extends Whence>(
  tx: Change,
  ctx: Context,
  type: MailType<Props>,
  user: UserRow | null,
  proof: Row,
  props: Omit<Props, keyof Whence>,
  secretUntil: number | null = proof.expiresAt,
): Promise<void> {
  const reader = user
    ? readerOf(user)
    : {
        email: String(proof.data["email"]),
        name: null,
        locale: String(proof.data["locale"] ?? "en"),
        timeZone: "UTC",
      };
  await queueMail(tx, ctx, type, reader, { ...(proof.data["whence"] as Whence), ...props } as Props, {
    workspaceId: null,
    ...(secretUntil === null ? {} : { secretUntil }),
  });
}
