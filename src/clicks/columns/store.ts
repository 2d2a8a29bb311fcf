import { isBefore } from "../journal/control.ts";
import type { ClickStore, JournalPosition, LinkTotals } from "../store.ts";
import { batchOf } from "./append.ts";
import { BLOCK_CLICKS, openBlocks, type Report } from "./blocks.ts";
import { openBuried } from "./buried.ts";
import { carryRows } from "./carry.ts";
import { openChanges } from "./changes.ts";
import { openCombined } from "./combined.ts";
import { openDictionary } from "./dictionary.ts";
import { openFile } from "./file.ts";
import { forget } from "./forget.ts";
import { openLedger } from "./ledger.ts";
import { migrate } from "./migrate.ts";
import { answer } from "./query.ts";
import { seal } from "./seal.ts";
import { openSeen } from "./seen.ts";
import { openTail } from "./tail.ts";
import { openTotals, readTotals } from "./totals.ts";

export interface ColumnsOptions {
  /** Told of what was found damaged. */
  readonly report?: Report;
  /** Clicks in the tail that make it be sealed. */
  readonly tailMax?: number;
}

const TAIL_MAX = 2 * BLOCK_CLICKS;

/**
 * The click store in columns, `clicks.db` in the data folder. Clicks are appended to a tail and sealed into blocks; both
 * are transactions, so whatever dies when, clicks, totals and position agree.
 * @throws when the file is damaged or was made by a newer version
 */
export function openColumns(
  dataDir: string,
  { report = () => {}, tailMax = TAIL_MAX }: ColumnsOptions = {},
): ClickStore {
  const file = openFile(dataDir);
  const { db } = file;
  migrate(db);
  const dictionary = openDictionary(db);
  const combined = openCombined(db);
  const blocks = openBlocks(db, report);
  const tail = openTail(db, report);
  carryRows(db, tail, blocks);
  const seen = openSeen(blocks, tail);
  const read = db.prepare<JournalPosition, []>('select segment, "offset" from position');
  const sequence = db.prepare<{ sequence: number }, []>("select sequence from position");
  const changes = openChanges(sequence.get()!.sequence);
  const addTotals = openTotals(db, changes, seen);
  const totals = readTotals(db, changes);
  const buried = openBuried();
  const ledger = openLedger(db);
  const move = db.prepare<unknown, [number, number]>('update position set segment = ?, "offset" = ?');
  const sources = { db, blocks, tail, combined };
  let last = read.get()!;
  let sealAt = tailMax;

  /** What memory has learned is not on disk. */
  function unlearn(): void {
    for (const one of [dictionary, combined, blocks, tail, seen]) one.forget();
    changes.restart(sequence.get()!.sequence);
  }

  const transaction = (work: () => void): void => file.transaction(work, unlearn);

  /** Apart from the append: what is counted stays counted, should this fail. It is then tried again with a longer tail. */
  function sealTail(): void {
    try {
      transaction(() => seal(tail, blocks));
      sealAt = tailMax;
    } catch (error) {
      sealAt = tail.count + tailMax;
      report("Clicks could not be brought into blocks; they are counted all the same", { error });
    }
  }

  return {
    async append(clicks, upTo) {
      let reached = last;
      transaction(() => {
        const stored = read.get()!;
        if (stored.segment !== last.segment || stored.offset !== last.offset)
          throw new Error("Another process has folded clicks into this data folder.");
        if (!isBefore(stored, upTo)) return;
        for (let from = 0; from < clicks.length; from += BLOCK_CLICKS) {
          const batch = batchOf(clicks.slice(from, from + BLOCK_CLICKS), dictionary);
          addTotals(batch);
          tail.append(batch);
        }
        ledger.record(clicks);
        move.run(upTo.segment, upTo.offset);
        reached = { segment: upTo.segment, offset: upTo.offset };
      });
      last = reached;
      if (tail.count >= sealAt) sealTail();
    },
    position: async () => last,
    sequence: async () => sequence.get()!.sequence,
    query: async (question) => answer(sources, question),
    totals: async (linkIds) => totals.of(linkIds),
    totalsSince: async (after, limit) => buried.among(totals.since(after, limit), after, limit),
    note: async (run, dropped) => transaction(() => ledger.note(run, dropped)),
    ledger: async (workspaceId, from, to) => ledger.of(workspaceId, from, to),
    async forget(what) {
      let gone: LinkTotals[] = [];
      transaction(() => {
        if (tail.count > 0) seal(tail, blocks);
        gone = forget(sources, what);
        if (what.linkId === undefined) ledger.forget(what.workspaceId, what.before);
      });
      buried.add(gone);
      // It knows numbers that are no more.
      unlearn();
    },
    settled: async () => {},
    durable: file.durable,
    close: async () => file.close(),
  };
}
