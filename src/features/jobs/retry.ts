import { isUniqueViolation } from "../../db/errors.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { jobCancelled, jobRetried } from "../../platform/jobs/events.ts";
import { isOperator } from "./list.ts";
import { type Job, type JobRow, toJob } from "./model.ts";
import { selectJob, updateJob } from "./store.ts";

/**
 * Lets a job that is dead or cancelled begin anew, with all its attempts, and one that waits for its time begin now.
 * @throws AppError NOT_FOUND, CONFLICT
 */
export async function retryJob(ctx: Context, id: string): Promise<Job> {
  const retried = await change(ctx, async (tx) => {
    const row = await selectJob(tx, ctx, id);
    if (!row) throw notFound("job");
    if (row.state === "waiting") throw new Unchanged(row);
    if (row.state === "running" || row.state === "done")
      throw new AppError("CONFLICT", `The job is ${row.state}: there is nothing to try again.`);
    const anew = row.state === "scheduled" ? {} : { attempts: 0, losses: 0, endedAt: null };
    const after: JobRow = { ...row, ...anew, state: "waiting", runAt: tx.now, cancelAsked: false };
    await updateJob(tx, ctx, row.id, after);
    tx.record(jobRetried, row.id, { id: row.id, name: row.name }, row.workspaceId);
    return after;
  }).catch((error: unknown) => {
    if (!isUniqueViolation(error, "jobs_unique")) throw error;
    throw new AppError("CONFLICT", "Another job with the same unique key waits or runs already.", {
      cause: error,
    });
  });
  ctx.jobs.enqueued([{ queue: retried.queue, runAt: retried.runAt }]);
  return toJob(retried, isOperator(ctx));
}

/**
 * Calls a job off. One that runs is told to stop, and is `cancelled` when it has: it may still get done.
 * @throws AppError NOT_FOUND, CONFLICT
 */
export async function cancelJob(ctx: Context, id: string): Promise<Job> {
  const cancelled = await change(ctx, async (tx) => {
    const row = await selectJob(tx, ctx, id);
    if (!row) throw notFound("job");
    if (row.state === "cancelled" || row.cancelAsked) throw new Unchanged(row);
    if (row.state === "done" || row.state === "dead")
      throw new AppError("CONFLICT", `The job is ${row.state}: there is nothing to cancel.`);
    const running = row.state === "running";
    const after: JobRow = running
      ? { ...row, cancelAsked: true }
      : { ...row, state: "cancelled", endedAt: tx.now };
    const { state, endedAt, cancelAsked } = after;
    await updateJob(tx, ctx, row.id, { state, endedAt, cancelAsked });
    tx.record(jobCancelled, row.id, { id: row.id, name: row.name, running }, row.workspaceId);
    return after;
  });
  if (cancelled.state === "running") ctx.jobs.cancel(cancelled.id);
  return toJob(cancelled, isOperator(ctx));
}
