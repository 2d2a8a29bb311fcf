import { eq } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import { isoOf } from "../../platform/schema.ts";
import type { CodeInput } from "./auth-model.ts";
import { askByLetter } from "./by-letter.ts";
import { wrongCode } from "./errors.ts";
import { isCodeOf, takeProofById, tryProof } from "./proofs.ts";
import { admit, noteFailure, wayOf } from "./sign-in.ts";
import { perAddress, takeTryFrom } from "./throttle.ts";
import type { SignInOutcome } from "./tokens.ts";

/** Asks for a code by letter. The challenge belongs to whoever asked: without it the code opens nothing. */
export async function requestCode(
  ctx: Context,
  email: string,
): Promise<{ challenge: string; expiresAt: string }> {
  const { secret, expiresAt } = await askByLetter(ctx, "sign_in_code", email);
  return { challenge: secret, expiresAt: isoOf(expiresAt) };
}

/** Signs in with the code of a letter: five tries, ten minutes, once. @throws AppError UNAUTHORIZED */
export async function signInByCode(
  ctx: Context,
  { challenge, code, ...way }: CodeInput,
): Promise<SignInOutcome> {
  await takeTryFrom(ctx, perAddress);
  const proof = await tryProof(ctx, "sign_in_code", challenge);
  if (proof === null || !isCodeOf(ctx, proof, code) || proof.userId === null) {
    noteFailure(ctx, proof?.userId ? { id: proof.userId } : null, "code");
    throw wrongCode();
  }
  return admit(ctx, { id: proof.userId }, "code", wayOf(way), async (tx, user) => {
    if (!(await takeProofById(tx, ctx, proof.id))) throw wrongCode();
    const { users } = ctx.db.tables;
    if (user.emailVerifiedAt === null)
      await tx.update(users).set({ emailVerifiedAt: tx.now }).where(eq(users.id, user.id));
  });
}
