import { countRecords } from "./journal/count.ts";
import type { Unrecorded } from "./journal/writer.ts";

/** How many visits were recorded, and why others were not. The sum is the number of visits, always. */
export interface Tally {
  readonly recorded: number;
  readonly unrecorded: Readonly<Record<Unrecorded, number>>;
  /** True when the visit was recorded: `result` is a place in the journal. */
  add(result: number | Unrecorded): result is number;
  /** Takes back the records of a segment whose sync failed, from `from` to `end`. */
  takeBack(path: string, from: number, end: number): number;
}

export function openTally(): Tally {
  let recorded = 0;
  const unrecorded = { disk_full: 0, no_segment: 0, sync_failed: 0, too_large: 0, write_failed: 0 };
  return {
    get recorded() {
      return recorded;
    },
    unrecorded,
    add(result): result is number {
      if (typeof result === "number") {
        recorded++;
        return true;
      }
      unrecorded[result]++;
      return false;
    },
    takeBack(path, from, end) {
      const count = countRecords(path, from, end);
      recorded -= count;
      unrecorded.sync_failed += count;
      return count;
    },
  };
}
