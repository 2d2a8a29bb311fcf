import type { Database } from "bun:sqlite";
import type { Click } from "../click.ts";
import type { DayLedger, Dropped } from "../store.ts";
import { DAY_MS } from "./counted.ts";

/** The books of what was recorded and what could not be, by workspace and day. */
export interface Ledger {
  /** To be called in the transaction that stores the clicks. */
  record(clicks: readonly Click[]): void;
  /** What a run of the program could not record so far. Absolute, so that it may be told twice. */
  note(run: string, dropped: readonly Dropped[]): void;
  /** Days from `from` up to, not including, `to` (milliseconds since 1970) on which anything happened. */
  of(workspaceId: string, from: number, to: number): DayLedger[];
  /** Closes the books of a workspace, or of its days that lie wholly before a time. */
  forget(workspaceId: string, before: number | undefined): void;
}

const RECORDED = "recorded";

export function openLedger(db: Database): Ledger {
  const add = db.prepare<unknown, [string, number, number]>(
    `insert into ledger values (?, ?, '${RECORDED}', '', ?) on conflict do update set count = count + excluded.count`,
  );
  const put = db.prepare<unknown, [string, number, string, string, number]>(
    "insert into ledger values (?, ?, ?, ?, ?) on conflict do update set count = max(count, excluded.count)",
  );
  const read = db.prepare<{ day: number; reason: string; count: number }, [string, number, number]>(
    `select day, reason, sum(count) as count from ledger where workspace = ? and day >= ? and day < ?
     group by day, reason order by day`,
  );
  const remove = db.prepare<unknown, [string, number]>("delete from ledger where workspace = ? and day < ?");

  return {
    record(clicks) {
      for (const [workspaceId, days] of countedByDay(clicks))
        for (const [day, count] of days) add.run(workspaceId, day, count);
    },
    note(run, dropped) {
      for (const { workspaceId, day, reason, count } of dropped)
        put.run(workspaceId, day, reason, run, count);
    },
    of(workspaceId, from, to) {
      const days = new Map<number, { recorded: number; unrecorded: Record<string, number> }>();
      for (const { day, reason, count } of read.all(
        workspaceId,
        Math.floor(from / DAY_MS),
        Math.ceil(to / DAY_MS),
      )) {
        const one = days.get(day) ?? { recorded: 0, unrecorded: {} };
        days.set(day, one);
        if (reason === RECORDED) one.recorded = count;
        else one.unrecorded[reason] = count;
      }
      return [...days].map(([day, one]) => ({ day, ...one }));
    },
    forget(workspaceId, before) {
      remove.run(workspaceId, before === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(before / DAY_MS));
    },
  };
}

function countedByDay(clicks: readonly Click[]): Map<string, Map<number, number>> {
  const counts = new Map<string, Map<number, number>>();
  for (let from = 0; from < clicks.length; ) {
    const { workspaceId, at } = clicks[from]!;
    const day = Math.floor(at / DAY_MS);
    // Neighbours are mostly of one workspace and day.
    let to = from + 1;
    while (to < clicks.length && isOf(clicks[to]!, workspaceId, day)) to++;
    const days = counts.get(workspaceId) ?? new Map<number, number>();
    counts.set(workspaceId, days);
    days.set(day, (days.get(day) ?? 0) + to - from);
    from = to;
  }
  return counts;
}

const isOf = (click: Click, workspaceId: string, day: number): boolean =>
  click.workspaceId === workspaceId && Math.floor(click.at / DAY_MS) === day;
