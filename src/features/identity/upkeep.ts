import { Type as t } from "@sinclair/typebox";
import { and, inArray, isNotNull, lte, or } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import { definePeriodicJob } from "../../platform/jobs/job.ts";

const AT_ONCE = 500;
/** Sessions that are over stay so long, for whoever asks what happened. */
const KEPT_MS = 30 * 86_400_000;

export const identityUpkeepJob = definePeriodicJob({
  name: "identity.upkeep",
  args: t.Object({}),
  schedule: { everyMs: 600_000 },
  run: (ctx, _, job) => forgetOld(ctx, job.signal),
});

/** Takes away what opens nothing any more: it is nobody's change. */
export async function forgetOld(ctx: Context, signal: AbortSignal): Promise<void> {
  for (const step of [forgetProofs, forgetThrottles, forgetSessions])
    while (!signal.aborted && (await step(ctx)) === AT_ONCE);
}

const forgetProofs = (ctx: Context): Promise<number> =>
  ctx.db.transaction(async (tx) => {
    const { proofs } = ctx.db.tables;
    const old = tx.select({ id: proofs.id }).from(proofs).where(lte(proofs.expiresAt, tx.now)).limit(AT_ONCE);
    return (await tx.delete(proofs).where(inArray(proofs.id, old)).returning({ id: proofs.id })).length;
  });

const forgetThrottles = (ctx: Context): Promise<number> =>
  ctx.db.transaction(async (tx) => {
    const { throttles } = ctx.db.tables;
    const old = tx
      .select({ id: throttles.id })
      .from(throttles)
      .where(and(lte(throttles.resetsAt, tx.now), lte(throttles.blockedUntil, tx.now)))
      .limit(AT_ONCE);
    return (await tx.delete(throttles).where(inArray(throttles.id, old)).returning({ id: throttles.id }))
      .length;
  });

/** Their refresh tokens go with them. */
const forgetSessions = (ctx: Context): Promise<number> =>
  ctx.db.transaction(async (tx) => {
    const { sessions } = ctx.db.tables;
    const past = tx.now - KEPT_MS;
    const over = or(
      and(isNotNull(sessions.endedAt), lte(sessions.endedAt, past)),
      lte(sessions.expiresAt, past),
    );
    const old = tx.select({ id: sessions.id }).from(sessions).where(over).limit(AT_ONCE);
    return (await tx.delete(sessions).where(inArray(sessions.id, old)).returning({ id: sessions.id })).length;
  });
