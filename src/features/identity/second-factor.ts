import type { SignInMethod } from "../../db/schema/identity.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { secondFactorAsked } from "./events.ts";
import { addProof } from "./proofs.ts";
import type { Way } from "./sessions.ts";
import type { UserRow } from "./store.ts";
import type { SignInOutcome } from "./tokens.ts";

const LIFE_MS = 10 * 60_000;

/** The first factor was right: the challenge carries what was wanted to the second. */
export async function askSecondFactor(
  tx: Change,
  ctx: Context,
  user: UserRow,
  method: SignInMethod,
  way: Way,
): Promise<SignInOutcome> {
  const { secret, expiresAt } = await addProof(tx, ctx, {
    kind: "second_factor",
    userId: user.id,
    data: { method, way },
    lifeMs: LIFE_MS,
  });
  tx.record(secondFactorAsked, user.id, { userId: user.id, method }, null);
  return { kind: "second_factor", challenge: secret, expiresAt };
}
