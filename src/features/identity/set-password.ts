import { eq } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { freshPersonOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import type { AccountEnds } from "./account-ends.ts";
import type { LetterInput, ResetInput } from "./auth-model.ts";
import { askByLetter } from "./by-letter.ts";
import { hashChosen } from "./create-user.ts";
import { sessionOver, wrongLink } from "./errors.ts";
import { passwordChanged } from "./events.ts";
import { queueNotice } from "./notices.ts";
import { dropLettersAndCodes, peekProof, takeProof } from "./proofs.ts";
import { asUser, endAllSessions } from "./sessions.ts";
import { type UserRow, userById } from "./store.ts";
import { perAddress, perPassword, takeTry, takeTryFrom } from "./throttle.ts";

/** Asks for the letter with which a forgotten password is replaced. */
export async function forgotPassword(ctx: Context, asked: LetterInput): Promise<void> {
  await askByLetter(ctx, "reset_password", asked);
}

/**
 * Chooses a new password by the link of a letter. Nobody is signed in by it, so that a second factor is still asked
 * for; every session and personal token ends, and the owner is told. Passkeys stay, for they may be the owner's only
 * other way in: the letter says so. @throws AppError GONE
 */
export async function resetPassword(
  ctx: Context,
  { token, password }: ResetInput,
  { revokeTokens }: Pick<AccountEnds, "revokeTokens">,
): Promise<void> {
  await takeTryFrom(ctx, perAddress);
  // Looked at first, so that a password that is refused does not use up the link.
  const known = await peekProof(ctx, "reset_password", token);
  const user = known?.userId ? await userById(ctx, known.userId) : null;
  if (user === null || user.disabledAt !== null) throw wrongLink();
  const passwordHash = await hashChosen(ctx, password, user);
  await change(asUser(ctx, user.id), async (tx) => {
    const proof = await takeProof(tx, ctx, "reset_password", token);
    const fresh = proof?.userId ? await userById(ctx, proof.userId, tx) : null;
    if (fresh === null || fresh.disabledAt !== null) throw wrongLink();
    // Whoever was shut out may have been somebody else for a while.
    await revokeTokens(tx, ctx, user.id);
    await setPassword(tx, ctx, fresh, passwordHash, "reset", null);
  });
}

/** Chooses another password; whoever proved who they are a moment ago need not give the old one. */
export async function changePassword(ctx: Context, password: string): Promise<void> {
  const { userId, sessionId } = freshPersonOf(ctx);
  const user = await userById(ctx, userId);
  if (user === null) throw sessionOver();
  await takeTryFrom(ctx, perAddress);
  await takeTry(ctx, perPassword, userId, userId);
  const passwordHash = await hashChosen(ctx, password, user);
  await change(ctx, (tx) => setPassword(tx, ctx, user, passwordHash, "change", sessionId));
}

async function setPassword(
  tx: Change,
  ctx: Context,
  user: UserRow,
  passwordHash: string | null,
  by: "reset" | "change",
  except: Id<"ses"> | null,
): Promise<void> {
  const { users } = ctx.db.tables;
  // Who opened the letter reads what is sent there.
  const verified = by === "reset" ? { emailVerifiedAt: user.emailVerifiedAt ?? tx.now } : {};
  await tx
    .update(users)
    .set({ passwordHash, ...verified, updatedAt: tx.now })
    .where(eq(users.id, user.id));
  await dropLettersAndCodes(tx, ctx, user.id);
  await endAllSessions(tx, ctx, user.id, "password_changed", except);
  tx.record(passwordChanged, user.id, { userId: user.id, by }, null);
  await queueNotice(tx, ctx, user, "passwordChanged");
}
