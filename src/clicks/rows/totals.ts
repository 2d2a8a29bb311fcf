import type { Database } from "bun:sqlite";
import type { LinkTotals } from "../store.ts";
import type { Changes } from "./changes.ts";
import { countedAs, DAY_MS } from "./counted.ts";

/** Days of `seen` that are kept: today, yesterday, and one for a clock that was wrong for a while. */
const SEEN_DAYS = 3;

interface Tally {
  clicks: number;
  botClicks: number;
  lastClickedAt: number | null;
  /** Visitors of the batch, the same one perhaps more than once. */
  readonly visitors: { readonly visitor: bigint; readonly day: number }[];
}

/** Totals per link, gathered over a batch and written at its end. */
export interface Totals {
  /** Begins a batch. What a batch before it gathered and could not write is dropped. */
  begin(): void;
  add(link: number, counted: number, at: number, visitor: bigint | null): void;
  write(): void;
}

export function openTotals(db: Database, changes: Changes): Totals {
  const see = db.prepare<unknown, [number, number, bigint]>("insert or ignore into seen values (?, ?, ?)");
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
  const prune = db.prepare(
    `delete from seen where day < (select min(day) from (select distinct day from seen order by day desc limit ${SEEN_DAYS}))`,
  );
  const tallies = new Map<number, Tally>();
  let newestDay = -1;

  function countNew(link: number, visitors: Tally["visitors"]): number {
    let count = 0;
    for (const { visitor, day } of visitors) {
      count += see.run(day, link, visitor).changes;
      if (day > newestDay) newestDay = day;
    }
    return count;
  }

  return {
    begin: () => tallies.clear(),
    add(link, counted, at, visitor) {
      let tally = tallies.get(link);
      if (tally === undefined) {
        tally = { clicks: 0, botClicks: 0, lastClickedAt: null, visitors: [] };
        tallies.set(link, tally);
      }
      if (counted === countedAs.botClick) {
        tally.botClicks++;
        return;
      }
      tally.clicks++;
      if (tally.lastClickedAt === null || at > tally.lastClickedAt) tally.lastClickedAt = at;
      if (visitor === null) return;
      tally.visitors.push({ visitor, day: Math.floor(at / DAY_MS) });
    },
    write() {
      if (tallies.size === 0) return;
      const dayBefore = newestDay;
      let sequence = nextSequence.get(tallies.size)!.sequence - tallies.size;
      // In the order of the tables, so that neighbours are found on the page that is already at hand.
      for (const [link, tally] of [...tallies].sort(([a], [b]) => a - b)) {
        const fresh = countNew(link, tally.visitors);
        update.run(link, tally.clicks, fresh, tally.botClicks, tally.lastClickedAt, ++sequence);
        changes.add(link, sequence);
      }
      if (newestDay > dayBefore) prune.run();
    },
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
