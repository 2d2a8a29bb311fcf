import { Type as t } from "@sinclair/typebox";
import {
  and,
  type Column,
  count,
  eq,
  getTableColumns,
  isNotNull,
  like,
  not,
  type SQL,
  sql,
  type Table,
} from "drizzle-orm";
import type { Database } from "../db/database.ts";
import type { Tables } from "../db/schema/tables.ts";
import type { Context, Ports } from "./context.ts";
import { defineJob } from "./jobs/job.ts";
import { isSealed, Unsealable } from "./sealing.ts";

/** A column that is kept sealed. Each room that has one names it in `app.ts`, so that keys can be rotated. */
export interface SealedColumn {
  /** For people: `mail bodies`. */
  readonly name: string;
  /** The table, the column that names its rows, and the sealed one. */
  of(tables: Tables): { readonly table: Table; readonly id: Column; readonly sealed: Column };
  /** What the text of a row is sealed for. */
  purpose(id: string): string;
}

/** How many texts each key of the ring has sealed, by column, and how many none has. */
export async function countSealed({ db, sealed }: Pick<Ports, "db" | "sealed">, keyId: string) {
  let all = 0;
  for (const column of sealed) all += await countWhere(db, column, (text) => like(text, `v1.${keyId}.%`));
  return all;
}

/** Whether anything is not sealed with the newest key. */
export async function isStale({ db, sealed, seal }: Pick<Ports, "db" | "sealed" | "seal">): Promise<boolean> {
  for (const column of sealed)
    if ((await countWhere(db, column, (text) => not(like(text, `${seal.prefix()}%`)))) > 0) return true;
  return false;
}

export const resealJob = defineJob({
  name: "keyring.reseal",
  args: t.Object({}),
  timeoutMs: 600_000,
  run: (ctx, _, job) => resealAll(ctx, job.signal),
});

/** Few, because opening and sealing stand on the main thread. */
const AT_ONCE = 50;

/** Seals with the newest key whatever was sealed with another, or by a version that knew of no sealing. */
export async function resealAll(ctx: Context, signal: AbortSignal): Promise<void> {
  for (const column of ctx.sealed) {
    const lost = new Set<string>();
    while (!signal.aborted && (await resealSome(ctx, column, lost)) === AT_ONCE);
    if (lost.size > 0)
      ctx.log.error("some secrets cannot be sealed anew, because they cannot be opened", {
        what: column.name,
        rows: lost.size,
      });
  }
}

/** Nobody's change: what is sealed stays what it was. */
function resealSome({ db, seal }: Context, column: SealedColumn, lost: Set<string>): Promise<number> {
  const { table, id, sealed } = column.of(db.tables);
  const property = propertyOf(table, sealed);
  return db.transaction(async (tx) => {
    const rows: { id: string; text: string }[] = await tx
      .select({ id: sql<string>`${id}`, text: sql<string>`${sealed}` })
      .from(table as never)
      .where(and(isNotNull(sealed), not(like(sealed, `${seal.prefix()}%`))))
      .limit(AT_ONCE + lost.size);
    const open = rows.filter((row) => !lost.has(row.id)).slice(0, AT_ONCE);
    for (const row of open) {
      const purpose = column.purpose(row.id);
      try {
        const plain = isSealed(row.text) ? seal.open(row.text, purpose) : row.text;
        await tx
          .update(table as never)
          .set({ [property]: seal.seal(plain, purpose) } as never)
          .where(eq(id, row.id));
      } catch (error) {
        if (!(error instanceof Unsealable)) throw error;
        lost.add(row.id);
      }
    }
    return open.length;
  });
}

const propertyOf = (table: Table, column: Column): string =>
  Object.entries(getTableColumns(table)).find(([, one]) => one.name === column.name)![0];

async function countWhere(db: Database, column: SealedColumn, which: (text: Column) => SQL): Promise<number> {
  const { table, sealed } = column.of(db.tables);
  const rows: { n: number }[] = await db.read
    .select({ n: count() })
    .from(table as never)
    .where(and(isNotNull(sealed), which(sealed)));
  return rows[0]?.n ?? 0;
}
