import type { Logger } from "../lib/log.ts";
import { openAsking, unavailable } from "./asking.ts";
import { JournalError } from "./journal/directory.ts";
import type { Ask, CounterInit, FromCounter, Progress, ToCounter } from "./messages.ts";
import { startThread, type Thread } from "./thread.ts";

const RESTART_MS = 1000;
const noProgress: Progress = { folded: 0, quarantined: 0, lagBytes: 0, problem: null };

/** The counter's thread as this thread knows it. It is started anew when it dies: its state is in the store. */
export interface Counting {
  /**
   * Resolves to the number of the first segment to write.
   * @throws JournalError, or the store's error
   */
  start(): Promise<number>;
  wake(): void;
  ask<T>(ask: Ask): Promise<T>;
  /** Folds everything recorded, closes the store, ends the thread. */
  stop(): Promise<void>;
  /** Since this process began. */
  progress(): Progress;
}

export function openCounting(init: CounterInit, log: Logger): Counting {
  let thread: Thread<ToCounter> | null = null;
  let progress = noProgress;
  /** What threads before this one have told. */
  let before = { folded: 0, quarantined: 0 };
  let opened = Promise.withResolvers<number>();
  let isRunning = false;
  const asking = openAsking((message) => {
    if (thread === null) throw unavailable("the click worker is not running");
    thread.post(message);
  });

  function hear(message: FromCounter): void {
    switch (message.kind) {
      case "opened":
        opened.resolve(message.next);
        break;
      case "refused":
        opened.reject(refusal(message.code, message.message));
        break;
      case "progress":
        progress = message.progress;
        break;
      case "answer":
      case "failed":
        asking.hear(message);
        break;
      case "log":
        log[message.level](message.message, message.facts);
    }
  }

  function died(error: Error): void {
    thread = null;
    opened.reject(error);
    asking.giveUp(error.message);
    before = {
      folded: before.folded + progress.folded,
      quarantined: before.quarantined + progress.quarantined,
    };
    progress = {
      ...noProgress,
      lagBytes: progress.lagBytes,
      problem: `Clicks are not counted: ${error.message}`,
    };
    log.error("The click worker ended", { error });
    if (isRunning) setTimeout(again, RESTART_MS);
  }

  function again(): void {
    if (!isRunning) return;
    start().then(
      () => log.info("The click worker was started again"),
      (error: Error) => log.error("The click worker does not start", { error }),
    );
  }

  async function start(): Promise<number> {
    opened = Promise.withResolvers<number>();
    thread = startThread<ToCounter, FromCounter>("clicks-counter", hear, died);
    thread.post(init);
    const next = await opened.promise;
    isRunning = true;
    return next;
  }

  return {
    start,
    wake: () => thread?.post({ kind: "wake" }),
    ask: asking.ask,
    async stop() {
      isRunning = false;
      if (thread === null) return;
      try {
        await asking.ask({ name: "stop" });
      } catch (error) {
        // Nothing is lost, and the rest of the process must be able to stop.
        log.error("Clicks stay in the journal until the next start", { error });
      } finally {
        thread?.end();
        thread = null;
      }
    },
    progress: () => ({
      ...progress,
      folded: before.folded + progress.folded,
      quarantined: before.quarantined + progress.quarantined,
    }),
  };
}

const refusal = (code: string, message: string): Error =>
  code === "unknown_version" || code === "unreadable" ? new JournalError(code, message) : new Error(message);
