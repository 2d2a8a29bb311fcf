import { and, asc, count, desc, eq, gt, inArray, lt } from "drizzle-orm";
import { AppError, invalid } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { findDomain } from "../domains/find.ts";
import { cancelJob } from "../jobs/retry.ts";
import { askerOf } from "./asker.ts";
import { importCreated, importUndoing } from "./events.ts";
import type { Format } from "./export-model.ts";
import { noJob } from "./export-store.ts";
import { importable } from "./fields.ts";
import { removeFile } from "./folder.ts";
import { runImportJob, undoImportJob } from "./import-jobs.ts";
import {
  type Import,
  type ImportOptions,
  type ImportQuery,
  type ImportRow,
  type Problem,
  toImport,
} from "./import-model.ts";
import { findImport, selectImports } from "./import-store.ts";
import { receive } from "./receive.ts";

/**
 * Takes a file in and leaves its reading to a job.
 * @throws AppError CONFLICT while the same file is being read
 */
export async function createImport(ctx: Context, request: Request, query: ImportQuery): Promise<Import> {
  const format = query.format ?? formatOf(request.headers.get("content-type"));
  const options = await optionsFrom(ctx, query);
  const id = newId("imp", ctx.clock.now());
  const { hash, bytes } = await receive(ctx, request.body as ReadableStream<Uint8Array> | null, id);
  return change(ctx, async (tx) => {
    const { imports, jobs } = ctx.db.tables;
    const [same] = await selectImports(tx, ctx)
      .where(
        and(
          eq(imports.workspaceId, workspaceOf(ctx)),
          eq(imports.fileHash, hash),
          eq(imports.state, "pending"),
          inArray(jobs.state, ["scheduled", "waiting", "running"]),
        ),
      )
      .limit(1);
    if (same) throw new AppError("CONFLICT", `This very file is being imported: ${same.row.id}.`);
    const row: ImportRow = {
      id,
      workspaceId: workspaceOf(ctx),
      jobId: tx.enqueue(runImportJob, { import: id, asker: askerOf(ctx) }),
      fileHash: hash,
      bytes,
      format,
      options: { ...options },
      state: "pending",
      rowsRead: 0,
      rowsMade: 0,
      rowsChanged: 0,
      rowsSkipped: 0,
      rowsRefused: 0,
      undone: 0,
      error: null,
      createdBy: ctx.actor.id,
      createdAt: tx.now,
      endedAt: null,
    };
    await tx.insert(imports).values(row);
    const made = toImport(row, noJob);
    tx.record(importCreated, id, made);
    return made;
  }).catch(async (error: unknown) => {
    await removeFile(ctx, id);
    throw error;
  });
}

function formatOf(contentType: string | null): Format {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === "text/csv") return "csv";
  if (type === "application/x-ndjson" || type === "application/jsonl") return "ndjson";
  if (type === "application/json") return "json";
  throw new AppError(
    "UNSUPPORTED_MEDIA_TYPE",
    "Send the file as text/csv, application/json or application/x-ndjson, or name its format.",
  );
}

async function optionsFrom(ctx: Context, query: ImportQuery): Promise<ImportOptions> {
  const { conflict = "skip", domain, dryRun = false } = query;
  if (conflict === "overwrite" && !ctx.actor.permissions.has("links:update"))
    throw new AppError(
      "FORBIDDEN",
      "This changes links that are there: it needs the permission links:update.",
      {
        details: [{ path: "/conflict", message: "links:update is needed here" }],
      },
    );
  if (domain !== undefined)
    await findDomain(ctx.db.read, ctx, domain).catch(() => {
      throw invalid("/domain", "domain is not one of this workspace");
    });
  return { conflict, domain: domain ?? null, dryRun, mapping: mappingOf(query.mapping) };
}

function mappingOf(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  let mapping: unknown;
  try {
    mapping = JSON.parse(text);
  } catch {}
  if (typeof mapping !== "object" || mapping === null || Array.isArray(mapping))
    throw invalid("/mapping", "mapping is no JSON object");
  for (const field of Object.values(mapping))
    if (typeof field !== "string" || !importable.has(field))
      throw invalid(
        "/mapping",
        `mapping names a field that is none: there are ${[...importable].join(", ")}`,
      );
  return mapping as Record<string, string>;
}

export async function readImport(ctx: Context, id: string): Promise<Import> {
  const { row, job } = await findImport(ctx.db.read, ctx, id);
  return toImport(row, job);
}

/** Newest first. */
export async function listImports(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Import>> {
  const { imports } = ctx.db.tables;
  const mine = eq(imports.workspaceId, workspaceOf(ctx));
  const rows = await selectImports(ctx.db.read, ctx)
    .where(and(mine, after ? lt(imports.id, after.id as Id<"imp">) : undefined))
    .orderBy(desc(imports.id))
    .limit(limit + 1)
    .offset(offset);
  const [all] = await ctx.db.read.select({ total: count() }).from(imports).where(mine);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ row, job }) => toImport(row, job ?? { state: null, progress: null })),
    total: all?.total ?? 0,
    next: last ? { value: null, id: last.row.id } : null,
  };
}

const PROBLEMS_SHOWN = 1000;

/** Rows that were refused, in their order, behind one. */
export async function problemsOf(ctx: Context, id: string, after: number): Promise<Problem[]> {
  const { importProblems } = ctx.db.tables;
  const { row } = await findImport(ctx.db.read, ctx, id);
  return ctx.db.read
    .select({
      row: importProblems.row,
      code: importProblems.code,
      path: importProblems.path,
      message: importProblems.message,
    })
    .from(importProblems)
    .where(and(eq(importProblems.importId, row.id), gt(importProblems.row, after)))
    .orderBy(asc(importProblems.row))
    .limit(PROBLEMS_SHOWN);
}

/** Stops the reading. What is made stays, and can be undone. */
export async function cancelImport(ctx: Context, id: string): Promise<Import> {
  const { row } = await findImport(ctx.db.read, ctx, id);
  if (row.state === "completed" || row.state === "undone")
    throw new AppError("CONFLICT", `The import is ${row.state}: there is nothing to cancel.`);
  await cancelJob(ctx, row.jobId);
  return readImport(ctx, id);
}

/** Takes back all that an import did: what it made goes to the trash, what it changed is as before. A job does it. */
export const undoImport = (ctx: Context, id: string): Promise<Import> =>
  change(ctx, async (tx) => {
    const { row, job } = await findImport(tx, ctx, id);
    const { state } = toImport(row, job);
    if (!["completed", "cancelled", "failed"].includes(state))
      throw new AppError("CONFLICT", `The import is ${state}: it cannot be undone now.`);
    const after: ImportRow = {
      ...row,
      state: "undoing",
      jobId: tx.enqueue(undoImportJob, { import: row.id, asker: askerOf(ctx) }),
    };
    await tx.update(ctx.db.tables.imports).set(after).where(eq(ctx.db.tables.imports.id, row.id));
    const told = toImport(after, noJob);
    tx.record(importUndoing, row.id, withPrevious(toImport(row, job), told));
    return told;
  });
