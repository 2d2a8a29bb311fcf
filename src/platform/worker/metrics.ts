import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Database } from "../../db/database.ts";
import type { Clock } from "../../lib/clock.ts";
import { countJobs, jobNames, oldestWaiting } from "../jobs/count.ts";
import type { ObservedJob } from "./runs.ts";
import type { WorkerHealth } from "./worker.ts";

export interface MeasuredJobs {
  readonly db: Database;
  readonly clock: Clock;
  health(): WorkerHealth;
  queueOf(name: string): string | null;
}

const STATES = ["scheduled", "waiting", "running", "dead"] as const;
/** Counting a million takes a tenth of a second, in slices: whoever scrapes more often gets the last count. */
const COUNT_EVERY_MS = 10_000;

interface Depth {
  readonly counts: readonly { name: string; queue: string; state: string; count: number }[];
  readonly oldest: readonly { name: string; queue: string; seconds: number }[];
}

/** What is told of jobs: counted from the table when it is asked for, and from the attempts of this process. */
export function jobMetrics(
  registers: Registry[],
  { db, clock, health, queueOf }: MeasuredJobs,
): { observeJob(job: ObservedJob): void } {
  let depth: Promise<Depth> | null = null;
  let countedAt = 0;

  async function count(): Promise<Depth> {
    const counts = [];
    const oldest = [];
    for (const name of await jobNames(db, null)) {
      const queue = queueOf(name) ?? "unknown";
      for (const state of STATES)
        counts.push({ name, queue, state, count: await countJobs(db, null, name, state) });
      const runAt = await oldestWaiting(db, name);
      const seconds = runAt === null ? 0 : Math.max(0, (clock.now() - runAt) / 1000);
      oldest.push({ name, queue, seconds });
    }
    return { counts, oldest };
  }

  /** Numbers are never in the way of the others: without a database these are left out. */
  function depthNow(): Promise<Depth> {
    const now = performance.now();
    if (depth === null || now - countedAt > COUNT_EVERY_MS) {
      countedAt = now;
      depth = count().catch(() => ({ counts: [], oldest: [] }));
    }
    return depth;
  }

  new Gauge({
    name: "waypost_jobs",
    help: "Jobs by name, queue and state.",
    labelNames: ["name", "queue", "state"],
    registers,
    async collect() {
      const { counts } = await depthNow();
      this.reset();
      for (const { name, queue, state, count: many } of counts) this.set({ name, queue, state }, many);
    },
  });
  new Gauge({
    name: "waypost_jobs_oldest_seconds",
    help: "How long the oldest waiting job has been due.",
    labelNames: ["name", "queue"],
    registers,
    async collect() {
      const { oldest } = await depthNow();
      this.reset();
      for (const { name, queue, seconds } of oldest) this.set({ name, queue }, seconds);
    },
  });
  new Gauge({
    name: "waypost_jobs_running",
    help: "Jobs that run in this process.",
    registers,
    collect() {
      this.set(health().running);
    },
  });
  new Gauge({
    name: "waypost_jobs_stuck",
    help: "Attempts that were told to stop and did not.",
    registers,
    collect() {
      this.set(health().stuck);
    },
  });
  const seconds = new Histogram({
    name: "waypost_job_duration_seconds",
    help: "Attempts by the name of the job.",
    labelNames: ["name"],
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 30, 60, 300, 600],
    registers,
  });
  const attempts = new Counter({
    name: "waypost_job_attempts_total",
    help: "Attempts by the name of the job and what became of it: done, again, dead or cancelled.",
    labelNames: ["name", "outcome"],
    registers,
  });
  return {
    observeJob({ name, outcome, seconds: took }) {
      seconds.observe({ name }, took);
      attempts.inc({ name, outcome });
    },
  };
}
