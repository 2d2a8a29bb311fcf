import { and, eq } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { notFound } from "../../lib/errors.ts";
import { isId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { ExportRow, JobFacts } from "./export-model.ts";

type Reader = Pick<Tx, "select">;
/** One that has just been enqueued. */
export const noJob: JobFacts = { state: "waiting", progress: null };

export function selectExports(read: Reader, ctx: Context) {
  const { exports, jobs } = ctx.db.tables;
  return read
    .select({ row: exports, job: { state: jobs.state, progress: jobs.progress } })
    .from(exports)
    .leftJoin(jobs, eq(jobs.id, exports.jobId));
}

/** One that is kept no longer. */
export const lostJob: JobFacts = { state: null, progress: null };

export async function findExport(
  read: Reader,
  ctx: Context,
  id: string,
): Promise<{ row: ExportRow; job: JobFacts }> {
  const { exports } = ctx.db.tables;
  if (!isId("exp", id)) throw notFound("export");
  const [found] = await selectExports(read, ctx)
    .where(and(eq(exports.workspaceId, workspaceOf(ctx)), eq(exports.id, id)))
    .limit(1);
  if (!found) throw notFound("export");
  return { row: found.row, job: found.job ?? lostJob };
}
