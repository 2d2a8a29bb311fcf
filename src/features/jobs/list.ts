import { notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { countJobs, jobNames } from "../../platform/jobs/count.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import {
  type Job,
  type JobCounts,
  type JobFilter,
  type JobState,
  type JobSummary,
  jobStates,
  toJob,
  toJobSummary,
} from "./model.ts";
import { scopeOf, selectJob, selectJobs } from "./store.ts";

/** Beyond, a list no longer counts: with a million jobs nobody reads the number. */
const COUNTED_MAX = 10_000;

/** Jobs of the workspace, or of all for an operator; newest first. */
export async function listJobs(
  ctx: Context,
  filter: JobFilter,
  { limit, after }: PageRequest,
): Promise<Page<JobSummary>> {
  const slices = await slicesOf(ctx, filter);
  const found = await Promise.all(
    slices.map(({ name, state }) => selectJobs(ctx, name, state, after?.id ?? null, limit + 1)),
  );
  const rows = found.flat().sort((one, other) => (one.id < other.id ? 1 : -1));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toJobSummary),
    total: await counted(ctx, slices),
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

interface Slice {
  readonly name: string;
  readonly state: JobState;
}

/** A filter as stretches of an index, so that a list costs what it shows, however many jobs there are. */
async function slicesOf(ctx: Context, { state, name, queue }: JobFilter): Promise<Slice[]> {
  const names = name === undefined ? await jobNames(ctx.db, scopeOf(ctx)) : [name];
  const states = state === undefined ? jobStates : [state];
  return names
    .filter((one) => queue === undefined || ctx.jobs.queueOf(one) === queue)
    .flatMap((one) => states.map((each) => ({ name: one, state: each })));
}

async function counted(ctx: Context, slices: readonly Slice[]): Promise<number> {
  let total = 0;
  for (const { name, state } of slices) {
    if (total >= COUNTED_MAX) break;
    total += await countJobs(ctx.db, scopeOf(ctx), name, state, COUNTED_MAX - total);
  }
  return total;
}

/** How many jobs there are in each state, in all and by name. */
export async function jobCounts(ctx: Context): Promise<JobCounts> {
  const scope = scopeOf(ctx);
  const all = none();
  const names: JobCounts["names"] = [];
  for (const name of await jobNames(ctx.db, scope)) {
    const counts = none();
    for (const state of jobStates) {
      counts[state] = await countJobs(ctx.db, scope, name, state);
      all[state] += counts[state];
    }
    names.push({ name, queue: ctx.jobs.queueOf(name), ...counts });
  }
  return { ...all, names };
}

const none = (): Record<JobState, number> =>
  Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;

/** @throws AppError NOT_FOUND, for jobs of other workspaces too */
export async function readJob(ctx: Context, id: string): Promise<Job> {
  const row = await selectJob(ctx.db.read, ctx, id);
  if (!row) throw notFound("job");
  return toJob(row, isOperator(ctx));
}

export const isOperator = (ctx: Context): boolean => ctx.actor.permissions.has("installation:read");
