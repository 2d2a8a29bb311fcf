import type { Database } from "bun:sqlite";
import type { NumberColumn } from "./batch.ts";
import { type Blocks, isDamage } from "./blocks.ts";
import { columns } from "./combinations.ts";
import type { Gone } from "./forget.ts";

/**
 * What of clicks refers to texts directly, and by what combinations. What referrers and campaigns say is written by
 * strangers and may name a person; agents are not swept, for they name programs.
 */
const direct: readonly NumberColumn[] = ["domain", "rule", "variant", "reason", "network", "language"];

/**
 * Deletes the referrers and campaigns that no click has any more, and the texts that nothing says any more. To be called
 * inside a transaction, after the clicks are gone. Where they had any, the dictionaries of all blocks are read.
 */
export function sweep(db: Database, blocks: Blocks, { referrers, campaigns }: Gone): void {
  const unsaid = [
    ...removeUnused(db, blocks, "referrers", "referrer", referrers),
    ...removeUnused(db, blocks, "campaigns", "campaign", campaigns),
  ];
  removeTexts(db, blocks, new Set(unsaid));
}

/** Answers the numbers of the texts that were parts of what was removed. */
function removeUnused(
  db: Database,
  blocks: Blocks,
  table: "referrers" | "campaigns",
  column: NumberColumn,
  candidates: ReadonlySet<number>,
): number[] {
  const gone = withoutUsed(blocks, [column], candidates);
  const parts = columns[table];
  const rows = db
    .query<Record<string, number>, [string]>(
      `delete from ${table} where id in (select value from json_each(?)) returning ${parts.join(", ")}`,
    )
    .all(JSON.stringify([...gone]));
  return rows.flatMap((row) => Object.values(row));
}

function removeTexts(db: Database, blocks: Blocks, candidates: ReadonlySet<number>): void {
  const gone = withoutUsed(blocks, direct, candidates);
  for (const { workspace } of db
    .query<{ workspace: number }, []>("select distinct workspace from blocks")
    .all())
    gone.delete(workspace);
  for (const table of Object.keys(columns) as (keyof typeof columns)[]) withoutSaid(db, table, gone);
  const remove = db.prepare("delete from texts where id = ?");
  for (const id of gone) remove.run(id);
}

/** The numbers that are in no dictionary of any block; 0 stands for nothing, and is never among them. */
function withoutUsed(
  blocks: Blocks,
  names: readonly NumberColumn[],
  candidates: ReadonlySet<number>,
): Set<number> {
  const left = new Set(candidates);
  left.delete(0);
  if (left.size === 0) return left;
  for (const block of blocks.during(0, Number.MAX_SAFE_INTEGER)) {
    try {
      const part = blocks.part(block);
      for (const name of names) for (const number of part.dictionary(name)) left.delete(number);
    } catch (error) {
      if (!isDamage(error)) throw error;
      blocks.setAside(block, error);
    }
  }
  return left;
}

function withoutSaid(db: Database, table: keyof typeof columns, gone: Set<number>): void {
  if (gone.size === 0) return;
  const parts = columns[table];
  const query = db.query<Record<string, number>, [{ list: string }]>(
    `select distinct ${parts.join(", ")} from ${table} where ${parts.map((part) => `${part} in (select value from json_each($list))`).join(" or ")}`,
  );
  for (const row of query.all({ list: JSON.stringify([...gone]) }))
    for (const id of Object.values(row)) gone.delete(id);
}
