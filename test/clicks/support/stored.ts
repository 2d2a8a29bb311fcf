import { Database } from "bun:sqlite";
import { join } from "node:path";
import { openBlocks } from "../../../src/clicks/columns/blocks.ts";
import { openTail } from "../../../src/clicks/columns/tail.ts";

/** What lies in a click store, read clicks by clicks and past everything that answers questions. */
export interface Stored {
  /** All clicks. */
  readonly rows: number;
  /** Different ids among them. */
  readonly ids: number;
  /** Clicks with a link and a counted outcome. */
  readonly counted: number;
  /** What the totals of all links say of these. */
  readonly totals: number;
  /** What the ledger says was recorded. */
  readonly recorded: number;
  /** How often each utm_content is there. */
  readonly contents: ReadonlyMap<string, number>;
  /** What SQLite says of the file, `ok` or not. */
  readonly integrity: string;
}

/** @param dataDir the data folder of a process that has ended */
export function storedIn(dataDir: string): Stored {
  const db = new Database(join(dataDir, "clicks.db"));
  const fail = (message: string, facts: object) => {
    throw new Error(`${message}: ${JSON.stringify(facts)}`);
  };
  const blocks = openBlocks(db, fail);
  const all = [
    ...blocks.during(0, Number.MAX_SAFE_INTEGER).map((block) => blocks.read(block)),
    ...openTail(db, fail).batches(),
  ];
  const ids = new Set<string>();
  const byCampaign = new Map<number, number>();
  let rows = 0;
  let counted = 0;
  for (const { count, at, chance, numbers } of all)
    for (let i = 0; i < count; i++) {
      rows++;
      ids.add(`${at[i]} ${chance[i]}`);
      if (numbers.link[i]! > 0 && numbers.counted[i]! > 0) counted++;
      byCampaign.set(numbers.campaign[i]!, (byCampaign.get(numbers.campaign[i]!) ?? 0) + 1);
    }
  const texts = db
    .query<{ id: number; text: string }, []>(
      "select campaigns.id, texts.text from campaigns join texts on texts.id = campaigns.content",
    )
    .all();
  const contents = new Map<string, number>();
  for (const { id, text } of texts)
    if (byCampaign.has(id)) contents.set(text, (contents.get(text) ?? 0) + byCampaign.get(id)!);
  const number = (sql: string) => db.query<{ n: number }, []>(`select coalesce(${sql}, 0) as n`).get()!.n;
  const totals = number("(select sum(clicks + bot_clicks) from totals)");
  const recorded = number("(select sum(count) from ledger where reason = 'recorded')");
  const integrity = db
    .query<{ integrity_check: string }, []>("pragma integrity_check")
    .get()!.integrity_check;
  db.close();
  return { rows, ids: ids.size, counted, totals, recorded, contents, integrity };
}
