import { startHeavyThread } from "../../heavy.ts";
import { selfTest } from "../../platform/worker/self-test.ts";
import { compute } from "../../platform/worker/threads.ts";
import { type Finding, fail, ok } from "./finding.ts";

const WITHIN_MS = 10_000;

/** Gives a task to a thread, as jobs that take a core for a while do. */
export async function checkThreads(): Promise<Finding[]> {
  const running = { signal: AbortSignal.timeout(WITHIN_MS), progress: () => {} };
  try {
    const total = await compute(startHeavyThread, selfTest, [1, 2, 3], running);
    if (total !== 6) throw new Error(`it counted to ${total}`);
    return [ok("threads", "CPU-heavy work gets a thread of its own.")];
  } catch (error) {
    return [
      fail(
        "threads",
        `CPU-heavy work gets no thread: ${(error as Error).message}`,
        "Look at the limits of processes and memory (ulimit -u, the container's). If there are none, report it as a bug.",
      ),
    ];
  }
}
