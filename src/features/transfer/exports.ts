import { and, count, desc, eq, lt } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { isoOf } from "../../platform/schema.ts";
import { reachOf } from "../folders/access.ts";
import type { LinkFilter } from "../links/filter.ts";
import { countLinks } from "../links/list.ts";
import { askerOf } from "./asker.ts";
import { exportCreated, exportDeleted } from "./events.ts";
import { shapes } from "./export-file.ts";
import { type Export, type ExportRow, linkColumns, type NewExport, toExport } from "./export-model.ts";
import { findExport, lostJob, noJob, selectExports } from "./export-store.ts";
import { fileOf, removeFile } from "./folder.ts";
import { makeExportJob } from "./jobs.ts";

/** Asks for a file of links. A job makes it. */
export async function createExport(ctx: Context, input: NewExport): Promise<Export> {
  const filters = input.filters ?? {};
  // What is wrong with a filter is said now, and not by the job.
  await countLinks(ctx, filters as LinkFilter);
  return change(ctx, async (tx) => {
    const id = newId("exp", tx.now);
    const row: ExportRow = {
      id,
      workspaceId: workspaceOf(ctx),
      jobId: tx.enqueue(makeExportJob, { export: id, asker: askerOf(ctx) }),
      format: input.format ?? "csv",
      filters,
      columns: input.columns ?? linkColumns,
      state: "pending",
      rows: 0,
      bytes: 0,
      error: null,
      createdBy: ctx.actor.id,
      createdAt: tx.now,
      completedAt: null,
      expiresAt: null,
    };
    await tx.insert(ctx.db.tables.exports).values(row);
    const made = toExport(row, noJob, tx.now);
    tx.record(exportCreated, id, made);
    return made;
  });
}

export async function readExport(ctx: Context, id: string): Promise<Export> {
  const { row, job } = await findExport(ctx.db.read, ctx, id);
  return toExport(row, job, ctx.clock.now());
}

/** Newest first. */
export async function listExports(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Export>> {
  const { exports } = ctx.db.tables;
  const mine = eq(exports.workspaceId, workspaceOf(ctx));
  const rows = await selectExports(ctx.db.read, ctx)
    .where(and(mine, after ? lt(exports.id, after.id as Id<"exp">) : undefined))
    .orderBy(desc(exports.id))
    .limit(limit + 1)
    .offset(offset);
  const [all] = await ctx.db.read.select({ total: count() }).from(exports).where(mine);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ row, job }) => toExport(row, job ?? lostJob, ctx.clock.now())),
    total: all?.total ?? 0,
    next: last ? { value: null, id: last.row.id } : null,
  };
}

/**
 * The file.
 * @throws AppError FORBIDDEN to whom folders are closed that may be in it, VALIDATION_ERROR while it is not there yet, CONFLICT when it failed, GONE when it is there no more
 */
export async function downloadExport(ctx: Context, id: string): Promise<Response> {
  const { row, job } = await findExport(ctx.db.read, ctx, id);
  if (row.createdBy !== ctx.actor.id && (await reachOf(ctx.db.read, ctx)).hidden.size > 0)
    throw new AppError(
      "FORBIDDEN",
      "The file was made for somebody who may see folders that are closed to you: ask for one of your own.",
    );
  const { state } = toExport(row, job, ctx.clock.now());
  if (state === "failed") throw new AppError("CONFLICT", "The export has failed: ask for another one.");
  if (state === "pending" || state === "processing")
    throw new AppError("VALIDATION_ERROR", `The export is ${state}: ask again when it is completed.`, {
      headers: { "retry-after": "2" },
    });
  const file = Bun.file(fileOf(ctx, id));
  if (state === "expired" || !(await file.exists()))
    throw new AppError("GONE", "The file of this export is there no more: ask for another one.");
  const { type } = shapes[row.format];
  const name = `links-${isoOf(row.createdAt).slice(0, 10)}.${row.format}`;
  return new Response(file.stream(), {
    headers: {
      "content-type": type,
      "content-length": String(row.bytes),
      "content-disposition": `attachment; filename="${name}"`,
    },
  });
}

/** Calls it off where it is still made, and destroys its file. */
export async function deleteExport(ctx: Context, id: string): Promise<Export> {
  const gone = await change(ctx, async (tx) => {
    const { row, job } = await findExport(tx, ctx, id);
    await tx.delete(ctx.db.tables.exports).where(eq(ctx.db.tables.exports.id, row.id));
    const last = toExport(row, job, tx.now);
    tx.record(exportDeleted, row.id, last);
    return last;
  });
  await removeFile(ctx, gone.id);
  return gone;
}
