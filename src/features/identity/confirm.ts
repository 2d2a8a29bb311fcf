import { and, eq, isNull } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { isoOf } from "../../platform/schema.ts";
import type { ConfirmInput } from "./auth-model.ts";
import { sessionOver, wrongCode, wrongCredentials } from "./errors.ts";
import { letterAsked, sessionConfirmed } from "./events.ts";
import { confirmCodeMail } from "./letters.ts";
import { readerOf, whenceOf } from "./notices.ts";
import { usedPasskey, wrongPasskey } from "./passkeys.ts";
import { addProof, codeMac, isCodeOf, newCode, takeProofById, tryProof } from "./proofs.ts";
import { type UserRow, userById } from "./store.ts";
import { forgiveTry, perLetter, perSecondFactor, takeTry } from "./throttle.ts";
import { spendTotp } from "./totp.ts";

const CODE_LIFE_MS = 10 * 60_000;

/** Proves once more who sits there, for what a borrowed session must not do. @throws AppError UNAUTHORIZED */
export async function confirm(ctx: Context, input: ConfirmInput): Promise<{ provedAt: string }> {
  const { userId, sessionId } = sessionOf(ctx);
  await takeTry(ctx, perSecondFactor, userId, userId);
  const user = await userById(ctx, userId);
  if (user === null) throw sessionOver();
  const { method, spend } = await proofOf(ctx, user, input);
  const provedAt = await change(ctx, async (tx) => {
    await spend(tx);
    return markProved(tx, ctx, userId, sessionId, method);
  });
  await forgiveTry(ctx, perSecondFactor, userId);
  return { provedAt: isoOf(provedAt) };
}

/** A proof was given within the change around it. */
export async function markProved(
  tx: Change,
  ctx: Context,
  userId: Id<"usr">,
  sessionId: Id<"ses">,
  method: string,
): Promise<number> {
  const { sessions } = ctx.db.tables;
  const marked = await tx
    .update(sessions)
    .set({ provedAt: tx.now })
    .where(and(eq(sessions.id, sessionId), isNull(sessions.endedAt)))
    .returning({ id: sessions.id });
  if (marked.length === 0) throw sessionOver();
  tx.record(sessionConfirmed, sessionId, { id: sessionId, userId, method }, null);
  return tx.now;
}

interface Given {
  readonly method: string;
  /** Uses it up, where it is good once. */
  spend(tx: Change): Promise<void>;
}

/** @throws AppError VALIDATION_ERROR unless it is exactly one */
async function proofOf(
  ctx: Context,
  user: UserRow,
  { password, challenge, code, totp, passkey }: ConfirmInput,
): Promise<Given> {
  const given = [password, challenge ?? code, totp, passkey].filter((one) => one !== undefined).length;
  if (given !== 1 || (challenge === undefined) !== (code === undefined))
    throw new AppError(
      "VALIDATION_ERROR",
      "Send password, totp, passkey, or challenge and code: one of them.",
    );
  if (password !== undefined) {
    if (!(await ctx.passwords.verify(password, user.passwordHash))) throw wrongCredentials();
    return { method: "password", spend: async () => {} };
  }
  if (totp !== undefined) return { method: "totp", spend: (tx) => spendTotpOf(tx, ctx, user, totp) };
  if (passkey !== undefined) {
    const used = await usedPasskey(ctx, passkey);
    if (used?.userId !== user.id) throw wrongPasskey();
    return { method: "passkey", spend: used.settle };
  }
  const proof = await tryProof(ctx, "confirm_code", challenge!);
  if (proof === null || proof.userId !== user.id || !isCodeOf(ctx, proof, code!)) throw wrongCode();
  return {
    method: "code",
    async spend(tx) {
      if (!(await takeProofById(tx, ctx, proof.id))) throw wrongCode();
    },
  };
}

async function spendTotpOf(tx: Change, ctx: Context, user: UserRow, totp: string): Promise<void> {
  if (user.totpEnabledAt === null || !(await spendTotp(tx, ctx, user, totp))) throw wrongCode();
}

/** Sends a code to confirm with, for those who have neither password nor app at hand. */
export async function requestConfirmCode(ctx: Context): Promise<{ challenge: string; expiresAt: string }> {
  const { userId } = sessionOf(ctx);
  await takeTry(ctx, perLetter, userId, userId);
  return change(ctx, async (tx) => {
    const user = await userById(ctx, userId, tx);
    if (user === null) throw sessionOver();
    const { proofs } = ctx.db.tables;
    const proof = await addProof(tx, ctx, { kind: "confirm_code", userId, lifeMs: CODE_LIFE_MS });
    const code = newCode();
    await tx
      .update(proofs)
      .set({ data: { code: codeMac(ctx, proof.id, code) } })
      .where(eq(proofs.id, proof.id));
    const props = { code, ...whenceOf(ctx, tx.now) };
    const options = { workspaceId: null, secretUntil: proof.expiresAt };
    await queueMail(tx, ctx, confirmCodeMail, readerOf(user), props, options);
    tx.record(letterAsked, proof.id, { kind: "confirm_code" }, null);
    return { challenge: proof.secret, expiresAt: isoOf(proof.expiresAt) };
  });
}

/** A personal token has no session that could be confirmed. */
export function sessionOf(ctx: Context): { userId: Id<"usr">; sessionId: Id<"ses"> } {
  const { userId, sessionId } = personOf(ctx);
  if (sessionId === null) throw new AppError("FORBIDDEN", "This needs a session: sign in.");
  return { userId, sessionId };
}
