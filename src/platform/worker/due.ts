import type { Build, Database } from "../../db/database.ts";
import type { After, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { claimStatements } from "../jobs/claims.ts";
import { insertJob, jobRow } from "../jobs/enqueue.ts";
import type { JobType } from "../jobs/job.ts";
import { nextSlot, slotId } from "../jobs/schedule.ts";

/** What has come due, and when the next does. */
export interface Due {
  /** Looks now, and from then on by itself. Resolves to how many jobs came due. */
  look(): Promise<number>;
  /** Resolves when no look is under way: the next one sees what is there now. */
  settled(): Promise<unknown>;
  /** Something was scheduled for this moment. */
  expect(runAt: number): void;
  stop(): Promise<void>;
}

interface DueOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Logger;
  readonly statements: ReturnType<typeof claimStatements>;
  readonly periodic: readonly JobType[];
  /** Queues that have something to do, ours or not. */
  found(queues: readonly string[]): void;
}

/** Jobs that come due in one statement: a few milliseconds' work. */
const AT_ONCE = 500;
/** A process of its own database hears of everything itself; this is for a clock that was set. */
const ALONE_MS = 60_000;
/** With others on the database, for words between processes that were lost. */
const AMONG_OTHERS_MS = 1000;

export function openDue({ db, clock, after, log, statements, periodic, found }: DueOptions): Due {
  const longestMs = db.signals === null ? ALONE_MS : AMONG_OTHERS_MS;
  /** The next slot of each periodic job, as it was last written; and the time it was then. */
  const slots = new Map<string, { slot: number; at: number }>();
  let callOff = () => {};
  let wakesAt = Number.POSITIVE_INFINITY;
  let lookedAt: number | null = null;
  let looking: Promise<number> | null = null;
  let stopped = false;

  /**
   * The row of a slot is there before the one before it runs, so a stop of any length leaves exactly one behind. Its
   * id is the slot's, so however many write it, it is one, and a clock that steps back does not bring it again.
   */
  async function writeSlots(now: number): Promise<void> {
    for (const type of periodic) {
      const known = slots.get(type.name);
      if (known && now >= known.at && now < known.slot) continue;
      const slot = nextSlot(type.schedule!, now);
      const by = { actorId: "system", workspaceId: null, now };
      const row = jobRow(slotId(type.name, slot), type, {}, by, { runAt: slot, lane: type.name });
      await db.each(insertJob, [{ ...row }]);
      slots.set(type.name, { slot, at: now });
    }
  }

  async function inHandfuls<Row>(
    build: Build<Row>,
    parameters: { now: number; unbegun?: number },
    each: (rows: readonly Row[]) => void,
  ): Promise<number> {
    for (let count = 0; ; ) {
      const [rows = []] = await db.each(build, [{ ...parameters, count: AT_ONCE }]);
      count += rows.length;
      if (rows.length < AT_ONCE || stopped) return count;
      each(rows);
      await new Promise(setImmediate);
    }
  }

  async function run(): Promise<number> {
    const now = clock.now();
    await writeSlots(now);
    // Who starts does not know whether the clock was ahead before, or is behind now: a pause may be cut short by that,
    // but what was asked for at a moment of its own is left alone.
    if (lookedAt === null || now < lookedAt) {
      const unbegun = lookedAt === null ? 0 : 1;
      await inHandfuls(statements.beginAnew, { now, unbegun }, () => {});
    }
    lookedAt = now;
    const count = await inHandfuls(statements.promote, { now }, (moved) =>
      found([...new Set(moved.map(({ queue }) => queue))]),
    );
    const [busy = []] = await db.each(statements.busyQueues, [{}]);
    found(busy.map(({ queue }) => queue));
    const [next = []] = await db.each(statements.nextDue, [{}]);
    sleepUntil(next[0]?.runAt ?? Number.POSITIVE_INFINITY);
    return count;
  }

  function sleepUntil(moment: number): void {
    if (stopped) return;
    const now = clock.now();
    callOff();
    const ms = Math.max(0, Math.min(moment - now, longestMs));
    wakesAt = now + ms;
    callOff = after(ms, () => void look());
  }

  function look(): Promise<number> {
    looking ??= run()
      .catch((error: unknown) => {
        log.warning("it could not be seen which jobs are due; it is tried again", { error });
        sleepUntil(clock.now() + AMONG_OTHERS_MS);
        return 0;
      })
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  return {
    look,
    settled: async () => looking,
    expect(runAt) {
      if (runAt < wakesAt) sleepUntil(runAt);
    },
    async stop() {
      stopped = true;
      callOff();
      await looking;
    },
  };
}
