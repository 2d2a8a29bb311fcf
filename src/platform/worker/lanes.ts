import type { Database } from "../../db/database.ts";
import type { Claimed, claimStatements } from "../jobs/claims.ts";
import type { QueueLimits } from "../jobs/job.ts";

/** Takes waiting jobs of one queue, each lane in its turn. */
export interface Lanes {
  /** Claims up to `free` jobs. `more` says that another look may find further ones. */
  take(free: number, running: ReadonlyMap<string, number>): Promise<{ rows: Claimed[]; more: boolean }>;
}

/** Lanes looked at in one go. */
const LANES_MAX = 128;

interface LanesOptions {
  readonly db: Database;
  readonly statements: ReturnType<typeof claimStatements>;
  readonly queue: string;
  readonly limits: QueueLimits;
  /** Owner, lease and time of a claim made now. */
  stamp(): { owner: string; leaseUntil: number; now: number };
}

/**
 * Goes round the lanes that have something waiting, by name, and begins behind the one that was served last. No lane
 * is given more than half of what is free: many whose handlers hang still leave room for one more.
 */
export function openLanes({ db, statements, queue, limits, stamp }: LanesOptions): Lanes {
  let after = "";
  /** Whether this round, which began with the first lane, has found anything to take. */
  let fruitful = false;

  async function claim(wants: readonly Share[]): Promise<Claimed[][]> {
    if (wants.length === 0) return [];
    const claims = wants.map(({ lane, count }) => ({ queue, lane, count, ...stamp() }));
    return db.each(statements.claim, claims);
  }

  return {
    async take(free, running) {
      const began = after === "";
      const [found = []] = await db.each(statements.nextLanes, [
        { queue, after, lanes: LANES_MAX, owner: stamp().owner },
      ]);
      const here = found.map(({ lane, elsewhere }) => ({
        lane,
        running: elsewhere + (running.get(lane) ?? 0),
      }));
      const wants = shares(here, free, limits.perLane);
      const claimed = await claim(wants);
      const rows = claimed.flatMap((some) => some.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      fruitful = (fruitful && !began) || rows.length > 0;
      const last = found.at(-1)?.lane;
      // Where there was room left, all lanes that were found have been served as far as they may be.
      const reached = rows.length < free ? last : wants.at(-1)?.lane;
      if (found.length === LANES_MAX || reached !== last) {
        after = reached ?? "";
        return { rows, more: true };
      }
      after = "";
      // A lane that gave all it was asked for may have more; one that gave less has not.
      const plenty = claimed.some((some, i) => some.length === wants[i]!.count);
      return { rows, more: plenty || (!began && fruitful) };
    },
  };
}

interface Share {
  readonly lane: string;
  readonly count: number;
}

/** One for each lane that may have more, in order, and what is left shared out among them. */
export function shares(
  lanes: readonly { readonly lane: string; readonly running: number }[],
  free: number,
  perLane: number,
): Share[] {
  const open = lanes.filter(({ running }) => running < perLane).slice(0, free);
  const each = Math.max(1, Math.min(Math.floor(free / 2), Math.floor(free / Math.max(1, open.length))));
  return open.map(({ lane, running }) => ({ lane, count: Math.min(each, perLane - running) }));
}
