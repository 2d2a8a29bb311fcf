import type { DomainSnapshot } from "../redirect/snapshot.ts";
import type { Visit } from "../redirect/visit.ts";
import { countRecords } from "./journal/count.ts";
import type { Unrecorded } from "./journal/writer.ts";
import type { Dropped } from "./store.ts";

/** How many visits were recorded, and why others were not. The sum is the number of visits, always. */
export interface Tally {
  readonly recorded: number;
  readonly unrecorded: Readonly<Record<Unrecorded | "throttled", number>>;
  /** True when the visit was recorded: `result` is a place in the journal. */
  add(result: number | Unrecorded, visit: Visit): result is number;
  /**
   * What was not recorded, by workspace and day, for the ledger. Without `sync_failed`: those visits lie in the journal,
   * may still be folded, and are then recorded after all.
   */
  dropped(): Dropped[];
  /** A visit that was refused on purpose. */
  throttled(domain: DomainSnapshot, at: number): void;
  /** Takes back the records of a segment whose sync failed, from `from` to `end`. */
  takeBack(path: string, from: number, end: number): number;
}

const DAY_MS = 86_400_000;

export function openTally(): Tally {
  let recorded = 0;
  const unrecorded = {
    disk_full: 0,
    no_segment: 0,
    sync_failed: 0,
    too_large: 0,
    write_failed: 0,
    throttled: 0,
  };
  const dropped = new Map<string, Dropped>();
  const drop = (workspaceId: string, day: number, reason: string): void => {
    const key = `${workspaceId} ${day} ${reason}`;
    dropped.set(key, { workspaceId, day, reason, count: (dropped.get(key)?.count ?? 0) + 1 });
  };
  return {
    get recorded() {
      return recorded;
    },
    unrecorded,
    throttled({ workspaceId }, at) {
      unrecorded.throttled++;
      drop(workspaceId ?? "", Math.floor(at / DAY_MS), "throttled");
    },
    dropped: () => [...dropped.values()],
    add(result, { at, link, domain }): result is number {
      if (typeof result === "number") {
        recorded++;
        return true;
      }
      unrecorded[result]++;
      drop(link?.workspaceId ?? domain.workspaceId ?? "", Math.floor(at / DAY_MS), result);
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
