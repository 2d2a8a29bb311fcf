import { uniqueViolation } from "../../db/errors.ts";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import type { SignUp, VerifyInput } from "./auth-model.ts";
import { askByLetter } from "./by-letter.ts";
import { addUser, hashChosen, nameOf } from "./create-user.ts";
import { wrongLink, wrongSignUp } from "./errors.ts";
import type { User } from "./model.ts";
import { checkPassword } from "./password-rules.ts";
import { takeProofById, tryProof } from "./proofs.ts";
import { noteFailure } from "./sign-in.ts";
import { perAddress, takeTryFrom } from "./throttle.ts";

/**
 * Asks for an account. There is none before the letter's link was opened, so that nobody can prepare one for an address
 * of somebody else; who has one already is told so by letter alone.
 * @throws AppError FORBIDDEN when this installation takes nobody in
 */
export async function signUp(ctx: Context, { email, password, firstName, lastName }: SignUp): Promise<void> {
  refuseUnlessOpen(ctx);
  const names = { firstName: nameOf(firstName), lastName: nameOf(lastName) };
  // A bad password costs neither a letter nor a hash.
  checkPassword(password, { email, ...names });
  await askByLetter(ctx, "sign_up", { email }, async () => ({
    ...names,
    passwordHash: await hashChosen(ctx, password, { email, ...names }),
  }));
}

/**
 * Makes the account for who reads the mail and chose the password. The link alone makes none: whoever is sent a letter
 * that a stranger asked for would else open an account the stranger has the password of.
 * @throws AppError GONE; UNAUTHORIZED for another password, five times
 */
export async function verifyEmail(ctx: Context, { token, password }: VerifyInput): Promise<User> {
  await takeTryFrom(ctx, perAddress);
  const proof = await tryProof(ctx, "sign_up", token);
  if (proof === null) throw wrongLink();
  const { email, passwordHash, firstName, lastName } = proof.data as Record<string, string | null>;
  if (!(await ctx.passwords.verify(password, passwordHash ?? null))) {
    noteFailure(ctx, null, "sign_up");
    throw wrongSignUp();
  }
  try {
    return await change(ctx, async (tx) => {
      if (!(await takeProofById(tx, ctx, proof.id))) throw wrongLink();
      const input = { email: email!, firstName: firstName ?? null, lastName: lastName ?? null };
      return addUser(tx, ctx, { ...input, emailVerifiedAt: tx.now }, passwordHash ?? null);
    });
  } catch (error) {
    // Somebody else's invitation, or a second letter, was faster.
    throw uniqueViolation(error) === "users_email_key" ? wrongLink() : error;
  }
}

function refuseUnlessOpen({ config: { WAYPOST_SIGNUP: policy } }: Context): void {
  if (policy === "open") return;
  throw new AppError(
    "FORBIDDEN",
    policy === "invite"
      ? "Accounts are made by invitation here: open the link of yours."
      : "Accounts are made by the operator here.",
  );
}
