import { Type as t } from "@sinclair/typebox";
import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { Build } from "../../db/database.ts";
import type { Context } from "../context.ts";
import { definePeriodicJob, type Job } from "./job.ts";

const { placeholder } = sql;
const AT_ONCE = 500;

const deleteEnded: Build<{ id: string }> = (queries, { jobs }) =>
  queries
    .delete(jobs)
    .where(
      inArray(
        jobs.id,
        queries
          .select({ id: jobs.id })
          .from(jobs)
          .where(and(eq(jobs.state, placeholder("state")), lt(jobs.endedAt, placeholder("before"))))
          .limit(AT_ONCE),
      ),
    )
    .returning({ id: jobs.id });

const deleteAnswers: Build<{ id: string }> = (queries, { idempotency }) =>
  queries
    .delete(idempotency)
    .where(
      inArray(
        idempotency.id,
        queries
          .select({ id: idempotency.id })
          .from(idempotency)
          .where(lt(idempotency.expiresAt, placeholder("before")))
          .limit(AT_ONCE),
      ),
    )
    .returning({ id: idempotency.id });

/** Takes away jobs that ended long ago, and answers to POSTs that nobody will repeat. It is housekeeping, and no event. */
export async function cleanUp(ctx: Context, { signal }: Pick<Job, "signal">): Promise<number> {
  const now = ctx.clock.now();
  const { WAYPOST_JOBS_KEEP: keep, WAYPOST_JOBS_KEEP_DEAD: keepDead } = ctx.config;
  let taken = 0;
  const sweep = async (build: Build<{ id: string }>, parameters: Record<string, unknown>) => {
    for (let count = AT_ONCE; count === AT_ONCE; ) {
      signal.throwIfAborted();
      const [rows = []] = await ctx.db.each(build, [parameters]);
      count = rows.length;
      taken += count;
      await new Promise(setImmediate);
    }
  };
  await sweep(deleteEnded, { state: "done", before: now - keep });
  await sweep(deleteEnded, { state: "cancelled", before: now - keep });
  await sweep(deleteEnded, { state: "dead", before: now - keepDead });
  await sweep(deleteAnswers, { before: now });
  return taken;
}

export const cleanUpJob = definePeriodicJob({
  name: "jobs.clean-up",
  args: t.Object({}),
  schedule: { everyMs: 15 * 60_000 },
  timeoutMs: 10 * 60_000,
  run: (ctx, _, job) => cleanUp(ctx, job),
});
