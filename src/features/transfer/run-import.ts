import { existsSync } from "node:fs";
import { eq } from "drizzle-orm";
import type { Build } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { placeholders } from "../../db/placeholders.ts";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { validationError } from "../../platform/envelope.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { GivenUp, Later } from "../../platform/jobs/failure.ts";
import type { Job } from "../../platform/jobs/job.ts";
import { checkerOf } from "../../platform/validation.ts";
import { NewLink } from "../links/model.ts";
import { importCompleted } from "./events.ts";
import { noJob } from "./export-store.ts";
import { linkOfRow } from "./fields.ts";
import { fileOf, removeFile } from "./folder.ts";
import { type ImportRow, optionsOf, type Problem, toImport } from "./import-model.ts";
import { findImport } from "./import-store.ts";
import { type Done, type Place, placeRows } from "./place.ts";
import { rowsOf } from "./rows.ts";

/** So many that a commit is not long; redirects wait for it. */
const ROWS_AT_ONCE = 200;
/** More are counted and not told. */
const PROBLEMS_MAX = 10_000;
/** Somebody else may take what was free: seldom, and on Postgres only. */
const TRIES = 5;

/**
 * Reads the file, row by row. What a batch makes, and how far it is, are one change: a process that dies in between has
 * made nothing twice and left nothing out.
 */
export async function runImport(
  ctx: Context,
  id: string,
  { signal, progress }: Pick<Job, "signal" | "progress">,
) {
  const found = await findImport(ctx.db.read, ctx, id).catch(() => null);
  if (found?.row.state !== "pending") return;
  const path = fileOf(ctx, id);
  if (!existsSync(path)) {
    if (ctx.db.dialect === "sqlite") throw new GivenUp("the file of the import is gone");
    throw new Later(5000, "the file lies with another process");
  }
  const state: State = { row: found.row, problems: [] };
  const batch: Place[] = [];
  let number = 0;
  for await (const read of rowsOf(path, found.row.format)) {
    number++;
    if (number <= found.row.rowsRead) continue;
    batch.push(placeOf(read, number, state.row));
    if (batch.length < ROWS_AT_ONCE) continue;
    signal.throwIfAborted();
    await settle(ctx, state, batch.splice(0));
    progress(Math.min(1, read.bytes / state.row.bytes), `${number} rows`);
  }
  signal.throwIfAborted();
  await settle(ctx, state, batch);
  await finish(ctx, state);
  await removeFile(ctx, id);
}

/** Where the reading is. What made nothing is written down with what makes something next. */
interface State {
  row: ImportRow;
  problems: Problem[];
}

const isNewLink = checkerOf(NewLink);

function placeOf(
  read: { fields: Readonly<Record<string, unknown>> } | { broken: string },
  row: number,
  of: ImportRow,
): Place {
  if ("broken" in read) return { row, error: new AppError("VALIDATION_ERROR", read.broken) };
  const link = linkOfRow(read.fields, optionsOf(of));
  const details = isNewLink(link);
  return details ? { row, error: validationError(details) } : { row, input: link as NewLink };
}

async function settle(ctx: Context, state: State, batch: readonly Place[]): Promise<void> {
  if (batch.length === 0) return;
  const options = optionsOf(state.row);
  for (let attempt = 1; ; attempt++) {
    try {
      const next = await change(ctx, async (tx) => {
        const done = await placeRows(tx, ctx, batch, options);
        const after = counted(state, batch.length, done);
        if (options.dryRun || done.links.length === 0) throw new Unchanged(after);
        await tx.runEach(
          insertImportLink,
          done.links.map((one) => ({ importId: state.row.id, ...one })),
        );
        await store(tx, ctx, after);
        return { ...after, problems: [] };
      });
      Object.assign(state, next);
      return;
    } catch (error) {
      if (uniqueViolation(error) === null || attempt === TRIES) throw error;
    }
  }
}

const insertImportLink: Build = (queries, { importLinks }) =>
  queries.insert(importLinks).values(placeholders(importLinks)).onConflictDoNothing();
const insertProblem: Build = (queries, { importProblems }) =>
  queries.insert(importProblems).values(placeholders(importProblems)).onConflictDoNothing();

function counted({ row, problems }: State, rows: number, done: Done): State {
  const room = Math.max(0, PROBLEMS_MAX - row.rowsRefused);
  return {
    row: {
      ...row,
      rowsRead: row.rowsRead + rows,
      rowsMade: row.rowsMade + done.made,
      rowsChanged: row.rowsChanged + done.changed,
      rowsSkipped: row.rowsSkipped + done.skipped,
      rowsRefused: row.rowsRefused + done.problems.length,
    },
    problems: [...problems, ...done.problems.slice(0, room)],
  };
}

async function store(tx: Change, ctx: Context, { row, problems }: State): Promise<void> {
  const { imports } = ctx.db.tables;
  const { rowsRead, rowsMade, rowsChanged, rowsSkipped, rowsRefused } = row;
  await tx
    .update(imports)
    .set({ rowsRead, rowsMade, rowsChanged, rowsSkipped, rowsRefused })
    .where(eq(imports.id, row.id));
  await tx.runEach(
    insertProblem,
    problems.map((one) => ({ importId: row.id, ...one })),
  );
}

const finish = (ctx: Context, state: State): Promise<void> =>
  change(ctx, async (tx) => {
    const { imports } = ctx.db.tables;
    await store(tx, ctx, state);
    const after: ImportRow = { ...state.row, state: "completed", endedAt: tx.now };
    await tx.update(imports).set({ state: "completed", endedAt: tx.now }).where(eq(imports.id, after.id));
    tx.record(importCompleted, after.id, withPrevious(toImport(state.row, noJob), toImport(after, noJob)));
  });
