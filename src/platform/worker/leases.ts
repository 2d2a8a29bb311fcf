import type { Database } from "../../db/database.ts";
import type { After, Clock } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import type { Logger } from "../../lib/log.ts";
import { type Claimed, heartbeat, jobsOfOwner, otherOwners } from "../jobs/claims.ts";

/** How long a claim is good for without a further sign of life. */
export const LEASE_MS = 30_000;
const BEAT_MS = 10_000;
/** Looks in a row that find an owner without a sign of life, before its jobs are taken from it. */
const SILENT_LOOKS = 4;

export interface Leases {
  start(): Promise<void>;
  /** One sign of life and one look at the others. */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

interface LeasesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Logger;
  readonly owner: string;
  /** Jobs of this process. */
  running(): readonly Id<"job">[];
  /** Somebody has asked for this one to be cancelled. */
  cancelled(id: Id<"job">): void;
  /** Another process has taken this one for its own. */
  taken(id: Id<"job">): void;
  /** The process that ran these has ended. */
  orphaned(owner: string, jobs: readonly Claimed[]): Promise<void>;
}

/**
 * Keeps this process's jobs, and takes over those of processes that have died. Whether a process lives is seen by
 * whether its leases move, look after look, and never by comparing two clocks: one that is set, or differs from
 * another machine's, takes nobody's job away.
 */
export function openLeases(options: LeasesOptions): Leases {
  const { db, clock, after, log, owner, running, cancelled, taken, orphaned } = options;
  const seen = new Map<string, { leaseUntil: number; looks: number }>();
  let callOff = () => {};
  let beating: Promise<void> | null = null;
  let stopped = false;

  async function signOfLife(): Promise<void> {
    const before = running();
    if (before.length === 0) return;
    const [held = []] = await db.each(heartbeat, [{ owner, leaseUntil: clock.now() + LEASE_MS }]);
    const asked = new Map(held.map(({ id, cancelAsked }) => [id, cancelAsked]));
    const still = new Set(running());
    for (const id of before) {
      if (!still.has(id)) continue;
      if (!asked.has(id)) taken(id);
      else if (asked.get(id)) cancelled(id);
    }
  }

  async function lookAtOthers(): Promise<void> {
    const [owners = []] = await db.each(otherOwners, [{ owner }]);
    for (const known of seen.keys()) if (!owners.some((one) => one.owner === known)) seen.delete(known);
    for (const { owner: other, leaseUntil } of owners) {
      const known = seen.get(other);
      const looks = known?.leaseUntil === leaseUntil ? known.looks + 1 : 1;
      seen.set(other, { leaseUntil, looks });
      if (looks >= SILENT_LOOKS) await takeFrom(other);
    }
  }

  async function takeFrom(other: string): Promise<void> {
    const [orphans = []] = await db.each(jobsOfOwner, [{ owner: other }]);
    log.warning("a process has ended and left jobs behind; they run again", { jobs: orphans.length });
    await orphaned(other, orphans);
  }

  async function run(): Promise<void> {
    try {
      await signOfLife();
      // Alone on its database, a process met all that others left behind when it started.
      if (db.signals !== null) await lookAtOthers();
    } catch (error) {
      log.warning("the leases of jobs could not be kept; it is tried again", { error });
    }
  }

  function beat(): Promise<void> {
    callOff();
    beating ??= run().finally(() => {
      beating = null;
      if (!stopped) callOff = after(BEAT_MS, () => void beat());
    });
    return beating;
  }

  return {
    beat,
    async start() {
      if (db.signals === null) {
        const [owners = []] = await db.each(otherOwners, [{ owner }]);
        for (const { owner: other } of owners) await takeFrom(other);
      }
      await beat();
    },
    async stop() {
      stopped = true;
      callOff();
      await beating;
    },
  };
}
