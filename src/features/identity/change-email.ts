import { and, eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { invalid } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { addressKey } from "../../lib/mailbox.ts";
import { freshPersonOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { emailTaken, sessionOver, wrongLink } from "./errors.ts";
import { emailChangeAsked, emailChangeConfirmed, emailChanged } from "./events.ts";
import { accountExistsMail, changeEmailMail } from "./letters.ts";
import { linkTo } from "./link.ts";
import { toUser } from "./model.ts";
import { queueNotice, readerOf, whenceOf } from "./notices.ts";
import { addProof, dropProofs, takeProof } from "./proofs.ts";
import { asUser, endAllSessions } from "./sessions.ts";
import { type UserRow, userById, userByKey } from "./store.ts";
import { perLetter, takeTry } from "./throttle.ts";

const LIFE_MS = 3_600_000;

interface Asked {
  readonly pair: string;
  readonly side: "old" | "new";
  readonly oldEmail: string;
  readonly newEmail: string;
  /** The other address has said yes already. */
  readonly confirmed: boolean;
}

/** Asks for another address. Both must say yes by their own letters; a later request replaces this one. */
export async function askEmailChange(ctx: Context, email: string): Promise<void> {
  const { userId } = freshPersonOf(ctx);
  const newEmail = email.normalize("NFC");
  await takeTry(ctx, perLetter, userId, userId);
  await takeTry(ctx, perLetter, addressKey(newEmail));
  await change(ctx, async (tx) => {
    const user = await userById(ctx, userId, tx);
    if (user === null) throw sessionOver();
    if (user.email === newEmail) throw invalid("/email", "email is the address you have already");
    await dropProofs(tx, ctx, userId, "change_email");
    const other = await userByKey(ctx, addressKey(newEmail), tx);
    const asked = { pair: newId("pair", tx.now), oldEmail: user.email, newEmail, confirmed: false };
    const whence = whenceOf(ctx, tx.now);
    for (const side of ["old", "new"] as const) {
      const to = side === "old" ? user.email : newEmail;
      if (side === "new" && other !== null && other.id !== userId) {
        // The answer does not tell that the address has an account; its owner is told.
        const url = `${ctx.baseUrl() ?? ""}/admin`;
        await queueMail(
          tx,
          ctx,
          accountExistsMail,
          readerOf(other),
          { url, ...whence },
          { workspaceId: null },
        );
        continue;
      }
      const { secret, expiresAt } = await addProof(tx, ctx, {
        kind: "change_email",
        userId,
        data: { ...asked, side },
        lifeMs: LIFE_MS,
      });
      const props = { url: linkTo(ctx, "email", secret), oldEmail: user.email, newEmail, ...whence };
      const options = { workspaceId: null, secretUntil: expiresAt };
      await queueMail(tx, ctx, changeEmailMail, readerOf(user, to), props, options);
    }
    tx.record(emailChangeAsked, userId, { userId }, null);
  });
}

/** One of the two links was opened. Answers whether the address has changed by it. @throws AppError GONE */
export async function confirmEmailChange(anybody: Context, token: string): Promise<{ changed: boolean }> {
  try {
    return await change(anybody, async (tx) => {
      const proof = await takeProof(tx, anybody, "change_email", token);
      const user = proof?.userId ? await userById(anybody, proof.userId, tx) : null;
      if (proof === null || user === null || user.disabledAt !== null) throw wrongLink();
      const asked = proof.data as unknown as Asked;
      if (user.email !== asked.oldEmail) throw wrongLink();
      const ctx = asUser(anybody, user.id);
      tx.record(emailChangeConfirmed, user.id, { userId: user.id, side: asked.side }, null);
      if (!asked.confirmed) return { changed: await noteConfirmed(tx, ctx, user, asked) };
      await moveTo(tx, ctx, user, asked.newEmail);
      return { changed: true };
    });
  } catch (error) {
    throw uniqueViolation(error) === "users_email_key" ? emailTaken(error) : error;
  }
}

/** The other link now completes the change. */
async function noteConfirmed(tx: Change, ctx: Context, user: UserRow, asked: Asked): Promise<false> {
  const { proofs } = ctx.db.tables;
  const open = await tx
    .select()
    .from(proofs)
    .where(and(eq(proofs.userId, user.id), eq(proofs.kind, "change_email")));
  for (const other of open)
    if (other.data["pair"] === asked.pair)
      await tx
        .update(proofs)
        .set({ data: { ...other.data, confirmed: true } })
        .where(eq(proofs.id, other.id));
  return false;
}

async function moveTo(tx: Change, ctx: Context, user: UserRow, email: string): Promise<void> {
  const { users } = ctx.db.tables;
  const after: UserRow = {
    ...user,
    email,
    emailKey: addressKey(email),
    emailVerifiedAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.update(users).set(after).where(eq(users.id, user.id));
  for (const kind of ["reset_password", "change_email"] as const) await dropProofs(tx, ctx, user.id, kind);
  await endAllSessions(tx, ctx, user.id, "email_changed");
  tx.record(emailChanged, user.id, withPrevious(toUser(user), toUser(after)), null);
  for (const to of [user.email, email]) await queueNotice(tx, ctx, user, "emailChanged", to);
}
