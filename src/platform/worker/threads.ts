import { AppError, type ErrorDetail } from "../../lib/errors.ts";
import { GivenUp } from "../jobs/failure.ts";
import type { Task } from "../jobs/job.ts";

/** What a thread is sent for each task. */
export interface ToTask {
  readonly task: string;
  readonly input: unknown;
}
export type FromTask =
  | { readonly kind: "progress"; readonly fraction: number; readonly message?: string | undefined }
  | { readonly kind: "done"; readonly output: unknown }
  | {
      readonly kind: "failed";
      readonly name: string;
      readonly message: string;
      readonly code?: string | undefined;
      readonly details?: readonly ErrorDetail[] | undefined;
    };

export interface Running {
  readonly signal: AbortSignal;
  progress(fraction: number, message?: string): void;
}

/** A look at the memory takes some microseconds; a thread can fill a gigabyte in a second. */
const LOOK_EVERY_MS = 50;

/**
 * Runs a task on a thread of its own. Whatever becomes of it (it throws, ends the process as it thinks, never
 * returns, floods the memory) is an error here, and the thread is gone.
 */
export async function compute<In, Out>(
  start: () => Worker,
  task: Task<In, Out>,
  input: In,
  { signal, progress }: Running,
): Promise<Out> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Out>();
  const worker = start();
  const before = process.memoryUsage.rss();
  worker.onmessage = ({ data }: MessageEvent<FromTask>) => {
    if (data.kind === "progress") progress(data.fraction, data.message);
    else if (data.kind === "done") resolve(data.output as Out);
    else reject(thrown(data));
  };
  worker.onerror = (event) => {
    event.preventDefault?.();
    reject(new Error(`The thread of ${task.name} failed: ${event.message}`));
  };
  worker.addEventListener("close", () =>
    reject(new GivenUp(`The thread of ${task.name} ended by itself before it was done.`)),
  );
  const watch = setInterval(() => {
    const grown = process.memoryUsage.rss() - before;
    if (grown > task.memoryMaxBytes)
      reject(
        new GivenUp(`${task.name} took more than ${Math.round(task.memoryMaxBytes / 1e6)} MB of memory.`),
      );
  }, LOOK_EVERY_MS);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    worker.postMessage({ task: task.name, input } satisfies ToTask);
    return await promise;
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", abort);
    worker.terminate();
  }
}

/** Errors lose their class between threads: ours are made again by name. */
export function thrown({ name, message, code, details = [] }: Extract<FromTask, { kind: "failed" }>): Error {
  if (name === "GivenUp") return new GivenUp(message);
  if (name === "AppError") return new AppError((code ?? "INTERNAL") as "INTERNAL", message, { details });
  return new Error(`${name}: ${message}`);
}

/** What a task's code is given beside its input. */
export type TaskCode = (
  // biome-ignore lint/suspicious/noExplicitAny: a table of tasks holds all kinds; `Task` names each one's
  input: any,
  progress: (fraction: number, message?: string) => void,
) => unknown;

declare const self: {
  onmessage: ((event: { data: ToTask }) => void) | null;
  postMessage(message: FromTask): void;
};

/** The other side: serves tasks of the table, one after the other. */
export function serveTasks(tasks: Readonly<Record<string, () => Promise<TaskCode>>>): void {
  self.onmessage = async ({ data: { task, input } }) => {
    try {
      const load = tasks[task];
      if (!load) throw new GivenUp(`There is no task ${task} in this version.`);
      const code = await load();
      const output = await code(input, (fraction, message) =>
        self.postMessage({ kind: "progress", fraction, message }),
      );
      self.postMessage({ kind: "done", output });
    } catch (error) {
      const { name = "Error", message = String(error), code, details } = error as Error & Partial<AppError>;
      self.postMessage({ kind: "failed", name, message, code, details });
    }
  };
}
