import { Type as t } from "@sinclair/typebox";
import { and, asc, eq, inArray, isNull, lte, ne } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { definePeriodicJob } from "../../platform/jobs/job.ts";
import { workspacePurged } from "./events.ts";
import { toWorkspace } from "./model.ts";
import { selectWorkspace } from "./store.ts";

/**
 * Destroys what one feature keeps of a workspace that is past its grace, a little at a time. Called once for the test
 * side and once for the live side; it may be called again for what a process has left when it died.
 */
export type PurgeStep = (ctx: Context, workspaceId: Id<"ws">, signal: AbortSignal) => Promise<void>;

/** `steps` in their order: what refers to something goes before it. */
export const purgeWorkspacesJob = (steps: readonly PurgeStep[]) =>
  definePeriodicJob({
    name: "workspaces.purge",
    args: t.Object({}),
    schedule: { everyMs: 3_600_000 },
    timeoutMs: 30 * 60_000,
    run: (ctx, _, job) => purgeWorkspaces(ctx, steps, job.signal),
  });

/** Destroys all workspaces whose time of grace is over. One that fails does not keep the others. */
export async function purgeWorkspaces(
  ctx: Context,
  steps: readonly PurgeStep[],
  signal: AbortSignal,
): Promise<void> {
  const { workspaces } = ctx.db.tables;
  const due = await ctx.db.read
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(and(lte(workspaces.purgeAt, ctx.clock.now()), isNull(workspaces.testOf)))
    .orderBy(asc(workspaces.purgeAt));
  const failures: unknown[] = [];
  for (const { id } of due) {
    if (signal.aborted) break;
    await purge(ctx, id, steps, signal).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** The clicks go first and, because some may have come meanwhile, once more in the end. */
async function purge(
  ctx: Context,
  id: Id<"ws">,
  steps: readonly PurgeStep[],
  signal: AbortSignal,
): Promise<void> {
  const { testId = null } = (await selectWorkspace(ctx.db.read, ctx, id)) ?? {};
  const sides = testId === null ? [id] : [testId, id];
  const forget = async () => {
    for (const workspaceId of sides) await ctx.clicks.forget({ workspaceId });
  };
  await forget();
  for (const workspaceId of sides)
    for (const step of [...steps, purgeJobs]) {
      if (signal.aborted) return;
      await step(ctx, workspaceId, signal);
    }
  await ctx.clicks.settled();
  await forget();
  await change(ctx, async (tx) => {
    const found = await selectWorkspace(tx, ctx, id);
    if (!found) throw new Unchanged(undefined);
    // Test side, members, roles, invitations, transfers and keys go with the row.
    await tx.delete(ctx.db.tables.workspaces).where(eq(ctx.db.tables.workspaces.id, id));
    tx.record(workspacePurged, id, toWorkspace(found.row, found.testId), id);
  });
}

const JOBS_AT_ONCE = 200;

/** Those that run end by themselves: they find nothing to do. */
const purgeJobs: PurgeStep = async (ctx, workspaceId, signal) => {
  const { jobs } = ctx.db.tables;
  const some = async () =>
    ctx.db.transaction(async (tx) => {
      const ended = tx
        .select({ id: jobs.id })
        .from(jobs)
        .where(and(eq(jobs.workspaceId, workspaceId), ne(jobs.state, "running")))
        .limit(JOBS_AT_ONCE);
      return (await tx.delete(jobs).where(inArray(jobs.id, ended)).returning({ id: jobs.id })).length;
    });
  while (!signal.aborted && (await some()) === JOBS_AT_ONCE);
};
