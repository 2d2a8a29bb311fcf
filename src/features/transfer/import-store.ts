import { and, eq } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { notFound } from "../../lib/errors.ts";
import { isId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { JobFacts } from "./export-model.ts";
import type { ImportRow } from "./import-model.ts";

type Reader = Pick<Tx, "select">;

export function selectImports(read: Reader, ctx: Context) {
  const { imports, jobs } = ctx.db.tables;
  return read
    .select({ row: imports, job: { state: jobs.state, progress: jobs.progress } })
    .from(imports)
    .leftJoin(jobs, eq(jobs.id, imports.jobId));
}

/** @throws AppError NOT_FOUND */
export async function findImport(
  read: Reader,
  ctx: Context,
  id: string,
): Promise<{ row: ImportRow; job: JobFacts }> {
  const { imports } = ctx.db.tables;
  if (!isId("imp", id)) throw notFound("import");
  const [found] = await selectImports(read, ctx)
    .where(and(eq(imports.workspaceId, workspaceOf(ctx)), eq(imports.id, id)))
    .limit(1);
  if (!found) throw notFound("import");
  return { row: found.row, job: found.job ?? { state: null, progress: null } };
}
