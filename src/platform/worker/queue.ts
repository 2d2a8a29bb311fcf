import type { Logger } from "../../lib/log.ts";
import type { Claimed } from "../jobs/claims.ts";
import type { QueueLimits } from "../jobs/job.ts";
import type { Lanes } from "./lanes.ts";

/** One queue of this process: claims as long as there is room, and starts what it has claimed. */
export interface RunningQueue {
  /** Looks whether there is something to do. */
  wake(): void;
  /** A job of this lane has given its slot back. */
  release(lane: string): void;
  /** Resolves when nothing is being claimed. */
  settled(): Promise<void>;
  readonly claiming: boolean;
  stop(): void;
}

interface QueueOptions {
  readonly name: string;
  readonly limits: QueueLimits;
  readonly lanes: Lanes;
  readonly log: Logger;
  start(job: Claimed): void;
  /** A claim failed; `wake` is called again later. */
  failed(): void;
}

export function openQueue({ name, limits, lanes, log, start, failed }: QueueOptions): RunningQueue {
  const inLane = new Map<string, number>();
  let running = 0;
  let asked = false;
  let stopped = false;
  let pumping: Promise<void> | null = null;

  async function pump(): Promise<void> {
    // Slots that come free together are filled together.
    await new Promise(setImmediate);
    while (asked && !stopped && running < limits.running) {
      asked = false;
      const began = performance.now();
      const { rows, more } = await lanes.take(limits.running - running, inLane);
      // What was claimed meanwhile is handed back with everything else of this process.
      if (stopped) return;
      for (const job of rows) {
        running++;
        inLane.set(job.lane, (inLane.get(job.lane) ?? 0) + 1);
        start(job);
      }
      asked ||= more;
      if (rows.length > 0) await giveWay(performance.now() - began);
    }
  }

  function wake(): void {
    asked = true;
    if (stopped || pumping !== null || running >= limits.running) return;
    pumping = pump()
      .catch((error: unknown) => {
        log.warning("jobs could not be claimed; it is tried again", { queue: name, error });
        asked = false;
        failed();
      })
      .finally(() => {
        pumping = null;
        if (asked && running < limits.running) wake();
      });
  }

  return {
    wake,
    release(lane) {
      running--;
      const left = inLane.get(lane)! - 1;
      if (left > 0) inLane.set(lane, left);
      else inLane.delete(lane);
      wake();
    },
    async settled() {
      while (pumping !== null) await pumping;
    },
    get claiming() {
      return pumping !== null;
    },
    stop() {
      stopped = true;
    },
  };
}

/** A round of the event loop that takes longer than this has others in it. */
const BUSY_MS = 1;
const PAUSE_MAX_MS = 20;

/**
 * Between two handfuls the sockets are asked. Where others are busy there, a queue takes a third of the time and no
 * more: redirects go before whatever waits.
 */
async function giveWay(tookMs: number): Promise<void> {
  const began = performance.now();
  await new Promise(setImmediate);
  if (performance.now() - began > BUSY_MS) await Bun.sleep(Math.min(2 * tookMs, PAUSE_MAX_MS));
}
