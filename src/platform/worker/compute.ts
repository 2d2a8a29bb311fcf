import { AppError } from "../../lib/errors.ts";
import type { Task } from "../jobs/job.ts";
import { type FromTask, type ToTask, thrown } from "./threads.ts";

/**
 * Runs a task on a thread.
 * @param lane whoever asks: a workspace
 * @throws AppError RATE_LIMITED when too much of its lane waits, UNAVAILABLE when too much of all does, and what the
 *   task throws
 */
export type Compute = <In, Out>(task: Task<In, Out>, input: In, lane: string) => Promise<Out>;

export interface ComputeOptions {
  /** More are told to come back later. */
  readonly waitingMax?: number;
  /** Most that one lane may have there, running or waiting: others have their turn. */
  readonly perLane?: number;
  /** What takes longer is ended, and its thread with it. */
  readonly timeMaxMs?: number;
}

/** Starting a thread takes some ten milliseconds; one that had nothing to do for so long goes. */
const IDLE_MS = 10_000;

/**
 * One thread for all that requests want computed, one task after the other: one core stays with the visitors, however
 * many ask. It is started when it is needed, and a task that does not end takes nobody with it but itself.
 */
export function openCompute(
  start: () => Worker,
  { waitingMax = 32, perLane = 8, timeMaxMs = 15_000 }: ComputeOptions = {},
): Compute {
  const waiting: (() => void)[] = [];
  const lanes = new Map<string, number>();
  let running = false;
  let idle: { readonly worker: Worker; readonly timer: Timer } | null = null;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running) {
      if (waiting.length >= waitingMax) throw tooMany();
      await new Promise<void>((next) => waiting.push(next));
    }
    running = true;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running = false;
    }
  }

  function take(): Worker {
    if (idle === null) return start();
    const { worker, timer } = idle;
    idle = null;
    clearTimeout(timer);
    worker.ref();
    return worker;
  }

  function give(worker: Worker): void {
    // It keeps nobody from leaving.
    worker.unref();
    const timer = setTimeout(() => {
      idle = null;
      worker.terminate();
    }, IDLE_MS);
    timer.unref();
    idle = { worker, timer };
  }

  async function inLane<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const there = lanes.get(lane) ?? 0;
    if (there >= perLane) throw tooManyOfYours();
    lanes.set(lane, there + 1);
    try {
      return await work();
    } finally {
      const left = lanes.get(lane)! - 1;
      if (left === 0) lanes.delete(lane);
      else lanes.set(lane, left);
    }
  }

  const run = <In, Out>(task: Task<In, Out>, input: In): Promise<Out> =>
    inTurn(async () => {
      const worker = take();
      let isWhole = false;
      try {
        const answer = await asked(worker, { task: task.name, input }, timeMaxMs);
        isWhole = true;
        if (answer.kind === "failed") throw thrown(answer);
        return answer.output as never;
      } finally {
        if (isWhole) give(worker);
        else worker.terminate();
      }
    });

  return (task, input, lane) => inLane(lane, () => run(task, input));
}

type Ended = Exclude<FromTask, { kind: "progress" }>;

/** @throws when the thread dies, or takes longer than it may */
async function asked(worker: Worker, message: ToTask, timeMaxMs: number): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const died = () => reject(new Error(`The thread of ${message.task} ended before it was done.`));
  const timer = setTimeout(() => reject(tooMany()), timeMaxMs);
  worker.onmessage = ({ data }: MessageEvent<FromTask>) => {
    if (data.kind !== "progress") resolve(data);
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    reject(new Error(`The thread of ${message.task} failed: ${event.message}`));
  };
  worker.addEventListener("close", died);
  try {
    worker.postMessage(message);
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.removeEventListener("close", died);
  }
}

const tooManyOfYours = () =>
  new AppError("RATE_LIMITED", "Too much is being computed for you at this moment. Ask for less at once.", {
    headers: { "retry-after": "1" },
  });

const tooMany = () =>
  new AppError("UNAVAILABLE", "There is too much to compute at this moment. Try again shortly.", {
    headers: { "retry-after": "2" },
  });
