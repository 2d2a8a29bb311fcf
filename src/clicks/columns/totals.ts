import type { Database } from "bun:sqlite";
import type { LinkTotals } from "../store.ts";
import type { Batch } from "./batch.ts";
import type { Changes } from "./changes.ts";
import { countedAs, DAY_MS } from "./counted.ts";
import type { Seen } from "./seen.ts";

/** What a batch adds to a link. */
interface Added {
  clicks: number;
  uniqueClicks: number;
  botClicks: number;
  lastClickedAt: number | null;
}

/** Adds a batch to the totals of its links. To be called in the transaction that stores it, and before the tail has it. */
export function openTotals(db: Database, changes: Changes, seen: Seen): (batch: Batch) => void {
  const update = db.prepare<unknown, [number, number, number, number, number | null, number]>(
    `insert into totals values (?, ?, ?, ?, ?, ?) on conflict do update set
       clicks = clicks + excluded.clicks, unique_clicks = unique_clicks + excluded.unique_clicks,
       bot_clicks = bot_clicks + excluded.bot_clicks, sequence = excluded.sequence,
       last_clicked_at = max(coalesce(last_clicked_at, excluded.last_clicked_at),
                             coalesce(excluded.last_clicked_at, last_clicked_at))`,
  );
  const nextSequence = db.prepare<{ sequence: number }, [number]>(
    "update position set sequence = sequence + ? returning sequence",
  );

  function gather(batch: Batch): Map<number, Added> {
    const { count, numbers } = batch;
    const links = new Map<number, Added>();
    for (let i = 0; i < count; i++) {
      const link = numbers.link[i]!;
      if (link === 0 || numbers.counted[i] === countedAs.neither) continue;
      const known = links.get(link);
      const added = known ?? { clicks: 0, uniqueClicks: 0, botClicks: 0, lastClickedAt: null };
      if (known === undefined) links.set(link, added);
      addClick(added, batch, i);
    }
    return links;
  }

  function addClick(added: Added, { at, visitor, numbers }: Batch, i: number): void {
    const counted = numbers.counted[i]!;
    if (counted === countedAs.botClick) {
      added.botClicks++;
      return;
    }
    const time = at[i]!;
    added.clicks++;
    if (added.lastClickedAt === null || time > added.lastClickedAt) added.lastClickedAt = time;
    if (counted === countedAs.nobody) return;
    const day = Math.floor(time / DAY_MS);
    if (seen.isNew(numbers.link[i]!, day, visitor[2 * i]!, visitor[2 * i + 1]!)) added.uniqueClicks++;
  }

  return (batch) => {
    const links = gather(batch);
    seen.prune();
    if (links.size === 0) return;
    let sequence = nextSequence.get(links.size)!.sequence - links.size;
    // In the order of the table, so that neighbours are found on the page that is already at hand.
    for (const link of Uint32Array.from(links.keys()).sort()) {
      const added = links.get(link)!;
      update.run(link, added.clicks, added.uniqueClicks, added.botClicks, added.lastClickedAt, ++sequence);
      changes.add(link, sequence);
    }
  };
}

interface TotalsRow {
  link: string;
  workspace: string;
  clicks: number;
  unique_clicks: number;
  bot_clicks: number;
  last_clicked_at: number | null;
  sequence: number;
}

const toTotals = (row: TotalsRow): LinkTotals => ({
  linkId: row.link,
  workspaceId: row.workspace,
  clicks: row.clicks,
  uniqueClicks: row.unique_clicks,
  botClicks: row.bot_clicks,
  lastClickedAt: row.last_clicked_at,
  sequence: row.sequence,
});

const SELECT = `select links.link, links.workspace, clicks, unique_clicks, bot_clicks, last_clicked_at, sequence
  from totals join links on links.id = totals.link`;

export function readTotals(
  db: Database,
  changes: Changes,
): {
  of(linkIds: readonly string[]): LinkTotals[];
  since(sequence: number, limit: number): LinkTotals[];
} {
  const of = db.prepare<TotalsRow, [string]>(
    `${SELECT} where links.link in (select value from json_each(?)) and clicks + bot_clicks > 0`,
  );
  const these = db.prepare<TotalsRow, [string]>(
    `${SELECT} where totals.link in (select value from json_each(?)) order by sequence`,
  );
  const since = db.prepare<TotalsRow, [number, number]>(
    `${SELECT} where sequence > ? order by sequence limit ?`,
  );
  return {
    of: (linkIds) => of.all(JSON.stringify(linkIds)).map(toTotals),
    since(sequence, limit) {
      const links = changes.since(sequence, limit);
      const rows = links === null ? since.all(sequence, limit) : these.all(JSON.stringify(links));
      return rows.map(toTotals);
    },
  };
}
