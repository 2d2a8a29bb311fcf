import { type After, systemAfter } from "../../lib/clock.ts";
import { type Id, newId } from "../../lib/ids.ts";
import type { Service } from "../../lib/service.ts";
import type { JobLoop, Ports } from "../context.ts";
import { type Claimed, claimStatements, jobsOfOwner } from "../jobs/claims.ts";
import type { Enqueued } from "../jobs/enqueue.ts";
import { Ended } from "../jobs/failure.ts";
import { type JobType, type QueueLimits, queues as queueTable } from "../jobs/job.ts";
import { openDue } from "./due.ts";
import { openLanes } from "./lanes.ts";
import { LEASE_MS, openLeases } from "./leases.ts";
import { openQueue, type RunningQueue } from "./queue.ts";
import { contextOfJob, type ObservedJob, openRuns } from "./runs.ts";
import { openSettler, type Settlement } from "./settle.ts";
import { handedBack, lost } from "./verdict.ts";
import { openWords } from "./words.ts";

/** The job loop of one process. */
export interface JobWorker extends Service, JobLoop {
  /** Resolves when nothing that is due waits or runs. For tests. */
  idle(): Promise<void>;
  health(): WorkerHealth;
}

export interface WorkerHealth {
  readonly running: number;
  /** Attempts that were told to stop and did not: they are still somewhere in the process. */
  readonly stuck: number;
}

export interface WorkerOptions {
  readonly ports: Pick<Ports, "db" | "clock" | "log">;
  /** The ports as work gets them; asked for when they are all there. */
  context(): Ports;
  readonly types: readonly JobType[];
  /** How long a stop waits for what runs. */
  readonly stopMs: number;
  readonly after?: After | undefined;
  readonly startThread: () => Worker;
  readonly limits?: Readonly<Record<string, QueueLimits>> | undefined;
  observe?(job: ObservedJob): void;
}

/** What work may still write once a stop has told it to end. */
const LAST_WORDS_MS = 2000;
/** After a claim that failed. */
const AGAIN_MS = 1000;

export function openWorker(options: WorkerOptions): JobWorker {
  const { ports, types, startThread, stopMs, after = systemAfter, observe = () => {} } = options;
  const { db, clock, log } = ports;
  const owner = newId("run", clock.now());
  const statements = claimStatements(db.dialect);
  const limits: Readonly<Record<string, QueueLimits>> = { ...queueTable, ...options.limits };
  const queues = new Map<string, RunningQueue>();
  const watchers = new Map<Id<"job">, Set<() => void>>();
  let state: "new" | "started" | "stopping" = "new";
  let callOffRetry = () => {};

  const changed = (id: Id<"job">): void => {
    for (const hear of [...(watchers.get(id) ?? [])]) hear();
  };
  const contextOf = (job: Claimed) => contextOfJob(options.context(), job);
  const settler = openSettler({ db, clock, after, log, contextOf, again: arrived });
  const runs = openRuns({
    ...{ ports, after, owner, types, startThread, contextOf, observe, changed },
    release: ({ queue, lane }) => queueOf(queue).release(lane),
    settle: (job, settlement) => settle(job, settlement, owner),
  });
  const cancelled = (id: Id<"job">) => runs.end(id, new Ended("CANCELLED", "It was cancelled."));
  const due = openDue({
    ...{ db, clock, after, log, statements },
    periodic: types.filter(({ schedule }) => schedule !== null),
    found: (names) => {
      for (const name of names) queueOf(name).wake();
    },
  });
  const leases = openLeases({
    ...{ db, clock, after, log, owner, cancelled },
    running: runs.ids,
    taken: (id) => runs.end(id, new Ended("LOST", "Another process has taken the job over.")),
    async orphaned(other, jobs) {
      await Promise.all(jobs.map((job) => settle(job, lost(job, clock.now()), other)));
    },
  });
  const words = openWords({
    ...{ signals: db.signals, after, log },
    heardWork: (queue) => queueOf(queue).wake(),
    heardCancel: cancelled,
  });

  /** A queue of a version that is gone is served too: its jobs must not lie about for ever. */
  function queueOf(name: string): RunningQueue {
    const known = queues.get(name);
    if (known) return known;
    const limit = limits[name] ?? queueTable.default;
    const stamp = () => ({ owner, now: clock.now(), leaseUntil: clock.now() + LEASE_MS });
    const made = openQueue({
      ...{ name, log, limits: limit, start: runs.start },
      lanes: openLanes({ db, statements, queue: name, limits: limit, stamp }),
      failed() {
        callOffRetry();
        callOffRetry = after(AGAIN_MS, () => void due.look());
      },
    });
    if (state === "stopping") made.stop();
    queues.set(name, made);
    return made;
  }

  async function settle(job: Claimed, settlement: Settlement, by: string): Promise<void> {
    await settler.settle({ job, settlement, owner: by });
    changed(job.id);
  }

  function arrived(jobs: readonly Enqueued[]): void {
    if (state !== "started") return;
    const now = clock.now();
    for (const name of new Set(jobs.filter(({ runAt }) => runAt <= now).map(({ queue }) => queue)))
      queueOf(name).wake();
    for (const { runAt } of jobs) if (runAt > now) due.expect(runAt);
  }

  /** Resolves with the work, or so many milliseconds later. */
  async function within(ms: number, work: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = after(ms, resolve);
    await Promise.race([work, promise]);
    callOff();
  }

  const claimed = () => Promise.all([...queues.values()].map((queue) => queue.settled()));

  /** What ignores its signal, and what was claimed in the last moment. What has ended is written down first. */
  async function handBack(): Promise<void> {
    await settler.stop();
    const [left = []] = await db.each(jobsOfOwner, [{ owner }]).catch(() => []);
    await Promise.all(left.map((job) => settle(job, handedBack(job, clock.now()), owner)));
  }

  async function idle(): Promise<void> {
    for (;;) {
      await due.settled();
      const came = await due.look();
      await claimed();
      const claiming = [...queues.values()].some((queue) => queue.claiming);
      if (came === 0 && runs.size === 0 && settler.waiting === 0 && !claiming) return;
      await runs.ended();
      await new Promise(setImmediate);
    }
  }

  async function end(): Promise<void> {
    for (const id of [...watchers.keys()]) changed(id);
    for (const queue of queues.values()) queue.stop();
    callOffRetry();
    await Promise.all([due.stop(), words.stop()]);
    await within(stopMs, runs.ended());
    for (const id of runs.ids()) runs.end(id, new Ended("STOPPED", "The process stopped."));
    await within(LAST_WORDS_MS, Promise.all([runs.ended(), claimed()]));
    await leases.stop();
    await handBack();
  }

  return {
    name: "job loop",
    queueOf: (name) => types.find((type) => type.name === name)?.queue ?? null,
    get stopping() {
      return state === "stopping";
    },
    enqueued(jobs) {
      arrived(jobs);
      words.work(jobs.map(({ queue }) => queue));
    },
    cancel(id) {
      cancelled(id);
      words.cancel(id);
    },
    idle,
    watch(id, hear) {
      const those = watchers.get(id) ?? new Set();
      watchers.set(id, those.add(hear));
      return () => {
        those.delete(hear);
        if (those.size === 0 && watchers.get(id) === those) watchers.delete(id);
      };
    },
    health: () => ({ running: runs.size, stuck: runs.stuck }),
    async start() {
      if (state !== "new") return;
      state = "started";
      await words.start();
      await leases.start();
      void due.look();
    },
    async stop() {
      if (state !== "started") return;
      state = "stopping";
      await end();
    },
  };
}
