import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import type { JobFailure } from "../../db/schema/jobs.ts";
import type { After, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Context } from "../context.ts";
import { change, Unchanged } from "../events.ts";
import { type Claimed, SETTLED_AT_ONCE, settleDone, settleOther } from "../jobs/claims.ts";
import type { Enqueued } from "../jobs/enqueue.ts";
import { jobDied } from "../jobs/events.ts";

/** What becomes of a job's row after an attempt. */
export type Settlement =
  | { readonly to: "done" }
  | { readonly to: "cancelled" }
  /** Again at `runAt`. `attempts` and `losses` are what counts from now on. */
  | {
      readonly to: "again";
      readonly runAt: number;
      readonly attempts: number;
      readonly losses: number;
      readonly errors: JobFailure[];
    }
  | { readonly to: "dead"; readonly losses: number; readonly errors: JobFailure[] };

export interface Settling {
  readonly job: Claimed;
  readonly owner: string;
  readonly settlement: Settlement;
}

export interface Settler {
  /** Resolves when it is written, however often that takes. */
  settle(one: Settling): Promise<void>;
  /** How many wait to be written. */
  readonly waiting: number;
  /** Resolves when all is written; from now on what fails is not tried again. */
  stop(): Promise<void>;
}

interface SettlerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly after: After;
  readonly log: Logger;
  contextOf(job: Claimed): Context;
  again(jobs: readonly Enqueued[]): void;
}

interface Waiting extends Settling {
  readonly written: () => void;
}

const AGAIN_MS = 1000;

/**
 * Writes down what became of jobs, many at once. Only rows that their owner still holds are touched: whoever lost his
 * lease has nothing to say any more.
 */
export function openSettler({ db, clock, after, log, contextOf, again }: SettlerOptions): Settler {
  const { jobs } = db.tables;
  const waiting = new Set<Waiting>();
  let writing: Promise<void> | null = null;
  let stopping = false;
  let hurry = () => {};

  function finish(some: readonly Waiting[]): void {
    for (const one of some) {
      waiting.delete(one);
      one.written();
    }
  }

  async function writeDone(all: readonly Waiting[]): Promise<void> {
    for (let i = 0; i < all.length; i += SETTLED_AT_ONCE) {
      const some = all.slice(i, i + SETTLED_AT_ONCE);
      const ids = Array.from({ length: SETTLED_AT_ONCE }, (_, n) => [
        `id${n}`,
        some[n % some.length]!.job.id,
      ]);
      await db.each(settleDone, [{ now: clock.now(), owner: some[0]!.owner, ...Object.fromEntries(ids) }]);
      finish(some);
    }
  }

  async function writeOther(all: readonly Waiting[]): Promise<void> {
    const now = clock.now();
    for (let i = 0; i < all.length; i += SETTLED_AT_ONCE) {
      const some = all.slice(i, i + SETTLED_AT_ONCE);
      await db.each(
        settleOther,
        some.map((one) => rowAfter(one, now)),
      );
      finish(some);
    }
    again(
      all.flatMap(({ job: { queue }, settlement }) =>
        settlement.to === "again" ? [{ queue, runAt: settlement.runAt }] : [],
      ),
    );
  }

  /** A job that is given up is told of like everything that happened: somebody may want to know. */
  async function bury(one: Settling): Promise<void> {
    const { id, name, attempts } = one.job;
    const { losses, errors } = one.settlement as Extract<Settlement, { to: "dead" }>;
    await change(contextOf(one.job), async (tx) => {
      const rows = await tx
        .update(jobs)
        .set({ state: "dead", endedAt: tx.now, owner: null, leaseUntil: null, losses, errors })
        .where(
          and(
            eq(jobs.id, id),
            eq(jobs.state, "running"),
            eq(jobs.owner, one.owner),
            eq(jobs.attempts, attempts),
          ),
        )
        .returning({ id: jobs.id });
      if (rows.length === 0) throw new Unchanged(null);
      tx.record(jobDied, id, { id, name, attempts, code: errors.at(-1)?.code ?? "FAILED" });
      return null;
    });
  }

  async function write(): Promise<void> {
    const all = [...waiting];
    const to = (...ends: Settlement["to"][]) => all.filter(({ settlement }) => ends.includes(settlement.to));
    await writeDone(to("done"));
    await writeOther(to("again", "cancelled"));
    for (const one of to("dead")) {
      await bury(one);
      finish([one]);
    }
  }

  /** Those that come in while some are written share the next round. */
  async function rounds(): Promise<void> {
    while (waiting.size > 0) {
      await new Promise(setImmediate);
      try {
        await write();
      } catch (error) {
        if (stopping) {
          log.warning("jobs that have ended will run again", { jobs: waiting.size, error });
          return finish([...waiting]);
        }
        log.warning("what became of jobs could not be written; it is tried again", {
          jobs: waiting.size,
          error,
        });
        const pause = Promise.withResolvers<void>();
        hurry = pause.resolve;
        after(AGAIN_MS, pause.resolve);
        await pause.promise;
      }
    }
  }

  function go(): Promise<void> {
    writing ??= rounds().finally(() => {
      writing = null;
      if (waiting.size > 0) void go();
    });
    return writing;
  }

  return {
    get waiting() {
      return waiting.size;
    },
    settle(one) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add({ ...one, written: resolve });
      void go();
      return promise;
    },
    async stop() {
      stopping = true;
      hurry();
      while (writing !== null) await writing;
    },
  };
}

/** The parameters of `settleOther`. */
function rowAfter({ job, owner, settlement }: Settling, now: number): Record<string, unknown> {
  const common = { id: job.id, owner, attempt: job.attempts, now };
  if (settlement.to !== "again")
    return {
      ...common,
      state: "cancelled",
      runAt: now,
      attempts: job.attempts,
      losses: job.losses,
      errors: JSON.stringify(job.errors),
      endedAt: now,
    };
  const { runAt, attempts, losses, errors } = settlement;
  return {
    ...common,
    state: runAt > now ? "scheduled" : "waiting",
    runAt,
    attempts,
    losses,
    errors: JSON.stringify(errors),
    endedAt: null,
  };
}
