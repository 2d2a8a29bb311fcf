import type { Database } from "bun:sqlite";
import { chanceOf } from "./append.ts";
import { type Batch, newBatch, numbers } from "./batch.ts";
import { BLOCK_CLICKS, type Blocks } from "./blocks.ts";
import { countedAs } from "./counted.ts";
import { seal } from "./seal.ts";
import type { Tail } from "./tail.ts";

/** Columns of the table of rows, where they are called otherwise. */
const renamed: Partial<Record<(typeof numbers)[number], string>> = {
  version: "link_version",
  trigger: '"trigger"',
  counted: `case when counted_as = ${countedAs.click} and visitor is null then ${countedAs.nobody} else counted_as end`,
};

/** Clicks that an earlier version has kept as rows become blocks. Dictionaries and totals were the same then. In one transaction. */
export function carryRows(db: Database, tail: Tail, blocks: Blocks): void {
  const isThere = db.query("select 1 from sqlite_schema where type = 'table' and name = 'clicks'").get();
  if (isThere === null) return;
  const names = numbers.map((name) => `${renamed[name] ?? name} as n_${name}`).join(", ");
  const read = db.prepare<Record<string, number> & { chance: string }, [number, number]>(
    `select rowid as id, at, chance, coalesce(visitor, 0) & 4294967295 as low,
            (coalesce(visitor, 0) >> 32) & 4294967295 as high, ${names}
     from clicks where rowid > ? order by rowid limit ?`,
  );
  db.transaction(() => {
    for (let after = 0; ; ) {
      const rows = read.all(after, BLOCK_CLICKS);
      if (rows.length === 0) break;
      after = rows.at(-1)!["id"]!;
      tail.append(batchOfRows(rows));
      if (tail.count >= 2 * BLOCK_CLICKS) seal(tail, blocks);
    }
    if (tail.count > 0) seal(tail, blocks);
    db.run("drop table clicks");
  }).immediate();
}

function batchOfRows(rows: readonly (Record<string, number> & { chance: string })[]): Batch {
  const batch = newBatch(rows.length);
  for (const [i, row] of rows.entries()) {
    batch.at[i] = row["at"]!;
    batch.chance[i] = chanceOf(row.chance, 0);
    batch.visitor[2 * i] = row["low"]!;
    batch.visitor[2 * i + 1] = row["high"]!;
    for (const name of numbers) batch.numbers[name][i] = row[`n_${name}`]!;
  }
  return batch;
}
