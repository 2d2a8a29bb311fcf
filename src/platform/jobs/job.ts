import type { Static, TSchema } from "@sinclair/typebox";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../context.ts";
import type { Schedule } from "./schedule.ts";

/**
 * How much of each queue one process runs at once, and how much of that one lane may have. A lane is a workspace,
 * unless a job says otherwise.
 */
export const queues = {
  default: { running: 50, perLane: 25 },
  mail: { running: 10, perLane: 5 },
  webhooks: { running: 100, perLane: 20 },
  /** Work that takes a core for a while. */
  heavy: { running: 1, perLane: 1 },
  /** One lane a job, so that a slot waits for the one before. */
  periodic: { running: 4, perLane: 1 },
} as const satisfies Record<string, QueueLimits>;
export type Queue = keyof typeof queues;
export interface QueueLimits {
  readonly running: number;
  readonly perLane: number;
}

/** A kind of work that outlives its request. */
export interface JobType<S extends TSchema = TSchema> {
  /** An imperative, with the feature before it: `links.empty-trash`. It stands in rows, and is never changed. */
  readonly name: string;
  /** What it is told. Rows outlive releases: a new version must still read what an old one has written. */
  readonly args: S;
  readonly queue: Queue;
  readonly attemptsMax: number;
  /** Longest that one attempt may take. */
  readonly timeoutMs: number;
  /** Milliseconds to wait after the failure of this attempt, counted from 1. */
  backoff(attempt: number): number;
  /** For work that comes round by itself; `args` then takes an empty object. */
  readonly schedule: Schedule | null;
  /**
   * One line that calls a verb. It may be called twice for one job, for a process may die after its work and before
   * that is written down: `job.id` is the same each time, for whoever must know.
   */
  run(ctx: Context, args: Static<S>, job: Job): Promise<unknown>;
}

/** A job as its own work sees it. */
export interface Job {
  readonly id: Id<"job">;
  /** From 1. */
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Aborted when the time is over, when somebody cancels the job, and when the process stops. */
  readonly signal: AbortSignal;
  /** How far it has come, from 0 to 1, and in words for people. Written down once a second at most. */
  progress(fraction: number, message?: string): void;
  /** Runs a task on a thread of its own, where it may take a core or fail as it likes. */
  compute<In, Out>(task: Task<In, Out>, input: In): Promise<Out>;
}

/** CPU-heavy work without ports: what comes in and goes out is copied between threads. */
export interface Task<In, Out> {
  readonly name: string;
  /** Most that it may add to the memory of the process. */
  readonly memoryMaxBytes: number;
  /** Never set: what the task takes and answers, for the type checker. */
  readonly types?: (input: In) => Out;
}

const ATTEMPTS = 8;
const TIMEOUT_MS = 60_000;
const BACKOFF_FIRST_MS = 10_000;
const BACKOFF_MAX_MS = 6 * 3_600_000;

/** Ten seconds, then four times as long each time, up to six hours. */
export const backoff = (attempt: number): number =>
  Math.min(BACKOFF_FIRST_MS * 4 ** (attempt - 1), BACKOFF_MAX_MS);

interface JobOptions<S extends TSchema> {
  readonly name: string;
  readonly args: S;
  readonly queue?: Queue;
  readonly attemptsMax?: number;
  readonly timeoutMs?: number;
  readonly backoff?: (attempt: number) => number;
  readonly run: JobType<S>["run"];
}

export const defineJob = <S extends TSchema>(options: JobOptions<S>): JobType<S> =>
  named({
    queue: "default",
    attemptsMax: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    backoff,
    schedule: null,
    ...options,
  });

/** Work that comes round: a row for each slot, so that several processes run it once between them. */
export const definePeriodicJob = <S extends TSchema>(
  options: Omit<JobOptions<S>, "queue"> & { readonly schedule: Schedule },
): JobType<S> => named({ attemptsMax: 3, timeoutMs: TIMEOUT_MS, backoff, ...options, queue: "periodic" });

export const defineTask = <In, Out>(name: string, memoryMaxBytes = 512e6): Task<In, Out> => ({
  name,
  memoryMaxBytes,
});

function named<S extends TSchema>(job: JobType<S>): JobType<S> {
  if (!/^[a-z]+(\.[a-z]+(-[a-z]+)*)+$/.test(job.name))
    throw new Error(`a job is named feature.do-something, not ${job.name}`);
  return job;
}
