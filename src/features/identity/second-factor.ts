import type { SignInMethod } from "../../db/schema/identity.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import type { SecondFactor } from "./auth-model.ts";
import { wrongCode } from "./errors.ts";
import { recoveryCodeUsed, secondFactorAsked, signInFailed } from "./events.ts";
import { queueNotice } from "./notices.ts";
import { addProof, takeProofById, tryProof } from "./proofs.ts";
import { asUser, startSession, type Way } from "./sessions.ts";
import { type UserRow, userById } from "./store.ts";
import { forgiveTry, perAddress, perSecondFactor, takeTry, takeTryFrom } from "./throttle.ts";
import type { SignInOutcome } from "./tokens.ts";
import { spendRecoveryCode, spendTotp } from "./totp.ts";

const LIFE_MS = 10 * 60_000;

/** The first factor was right: the challenge carries what was wanted to the second. */
export async function askSecondFactor(
  tx: Change,
  ctx: Context,
  user: UserRow,
  method: SignInMethod,
  { platform, device }: Way,
): Promise<SignInOutcome> {
  const { secret, expiresAt } = await addProof(tx, ctx, {
    kind: "second_factor",
    userId: user.id,
    data: { method, platform, device },
    lifeMs: LIFE_MS,
  });
  tx.record(secondFactorAsked, user.id, { userId: user.id, method }, null);
  return { kind: "second_factor", challenge: secret, expiresAt };
}

/**
 * Completes a sign-in with a code of the app or a recovery code: five tries for a challenge, fifty a day for an
 * account. @throws AppError UNAUTHORIZED
 */
export async function verifySecondFactor(ctx: Context, input: SecondFactor): Promise<SignInOutcome> {
  await takeTryFrom(ctx, perAddress);
  const proof = await tryProof(ctx, "second_factor", input.challenge);
  if (proof === null || proof.userId === null) throw wrongCode();
  const { userId } = proof;
  await takeTry(ctx, perSecondFactor, userId, userId);
  const own = asUser(ctx, userId);
  const { method, platform, device } = proof.data as Pick<Way, "platform" | "device"> & {
    method: SignInMethod;
  };
  const way: Way = {
    session: input.session ?? "tokens",
    platform,
    device,
    deviceToken: input.deviceToken ?? null,
  };
  const started = await change(own, async (tx) => {
    const user = await userById(ctx, userId, tx);
    if (user === null || user.disabledAt !== null || user.totpEnabledAt === null) throw wrongCode();
    const isRight =
      input.code !== undefined
        ? await spendTotp(tx, own, user, input.code)
        : await spendRecoveryCode(tx, own, userId, input.recoveryCode ?? "");
    if (!isRight) {
      tx.record(
        signInFailed,
        userId,
        { userId, method: "second_factor", network: ctx.origin.network, times: 1 },
        null,
      );
      return null;
    }
    if (!(await takeProofById(tx, own, proof.id))) throw wrongCode();
    if (input.code === undefined) {
      tx.record(recoveryCodeUsed, userId, { userId }, null);
      await queueNotice(tx, own, user, "recoveryCodeUsed");
    }
    return startSession(tx, own, user, method, way);
  });
  if (started === null) throw wrongCode();
  await forgiveTry(ctx, perSecondFactor, userId);
  return { kind: "started", started };
}
