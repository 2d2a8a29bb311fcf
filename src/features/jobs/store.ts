import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { AppError } from "../../lib/errors.ts";
import { type Id, isId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { JobScope } from "../../platform/jobs/count.ts";
import type { JobRow, JobState } from "./model.ts";

export type Reader = Pick<Tx, "select">;

/** Whose jobs the caller may see: the workspace's, or all of them for an operator. */
export function scopeOf({ actor }: Pick<Context, "actor">): JobScope {
  if (actor.workspaceId === null && !actor.permissions.has("installation:read"))
    throw new AppError(
      "FORBIDDEN",
      "This needs a workspace: send X-Workspace-Id, or a key of the workspace.",
    );
  return actor.workspaceId;
}

const inScope = (ctx: Context): SQL | undefined => {
  const scope = scopeOf(ctx);
  return scope === null ? undefined : eq(ctx.db.tables.jobs.workspaceId, scope);
};

export async function selectJob(read: Reader, ctx: Context, id: string): Promise<JobRow | undefined> {
  const { jobs } = ctx.db.tables;
  if (!isId("job", id)) return undefined;
  const [row] = await read
    .select()
    .from(jobs)
    .where(and(inScope(ctx), eq(jobs.id, id)))
    .limit(1);
  return row;
}

/** The newest jobs of one name and state, which is one stretch of an index. */
export const selectJobs = (
  ctx: Context,
  name: string,
  state: JobState,
  before: string | null,
  limit: number,
): Promise<JobRow[]> => {
  const { jobs } = ctx.db.tables;
  const older = before === null ? undefined : lt(jobs.id, before as Id<"job">);
  return Promise.resolve(
    ctx.db.read
      .select()
      .from(jobs)
      .where(and(inScope(ctx), eq(jobs.name, name), eq(jobs.state, state), older))
      .orderBy(desc(jobs.id))
      .limit(limit),
  );
};

export async function updateJob(tx: Tx, ctx: Context, id: Id<"job">, set: Partial<JobRow>): Promise<void> {
  const { jobs } = ctx.db.tables;
  await tx
    .update(jobs)
    .set(set)
    .where(and(inScope(ctx), eq(jobs.id, id)));
}
