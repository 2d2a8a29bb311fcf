import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { WalThreads } from "./wal-thread.ts";

export interface Durability {
  /** Resolves when everything committed before the call would survive a power cut. */
  settle(): Promise<void>;
  /** Why nothing may be acknowledged any more; null when all is well. Only a restart helps. */
  failure(): AppError | null;
  fail(error: unknown): void;
  /** Whether the disk is at work. */
  isSyncing(): boolean;
}

interface DurabilityOptions {
  readonly threads: WalThreads;
  readonly log: Logger;
  /** Told the size of the write-ahead log after every sync. */
  onSize(sizeBytes: number): void;
  /** Told after every sync, before the next. */
  onSynced(): void;
  /** Told once, when nothing is acknowledged any more. */
  onFailure(failure: AppError): void;
}

/**
 * Group commit: one sync at a time, and everything committed while it runs waits for the next one. After a sync
 * has failed the kernel forgets what it could not write and the next sync succeeds, so the first failure is
 * the last: nothing is acknowledged after it.
 */
export function openDurability({ threads, log, onSize, onSynced, onFailure }: DurabilityOptions): Durability {
  let running = false;
  let waiting: PromiseWithResolvers<void>[] = [];
  let failure: AppError | null = null;

  const fail = (error: unknown): void => {
    if (failure) return;
    failure = new AppError(
      "UNAVAILABLE",
      "The disk failed to store a change, so nothing more is accepted. Check the disk, then restart.",
      { cause: error },
    );
    log.error("Storage has failed; no more writes until a restart", { error });
    for (const caller of waiting.splice(0)) caller.reject(failure);
    onFailure(failure);
  };

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0 && !failure) {
      const group = waiting;
      waiting = [];
      try {
        const sizeBytes = await threads.sync();
        void release(group);
        onSize(sizeBytes);
      } catch (error) {
        fail(error);
        for (const caller of group) caller.reject(failure);
      }
      onSynced();
    }
    running = false;
  }

  /** An answer is put together for each of them: redirects come in between. */
  async function release(group: readonly PromiseWithResolvers<void>[]): Promise<void> {
    for (let from = 0; from < group.length; from += RELEASED_AT_ONCE) {
      if (from > 0) await new Promise(setImmediate);
      for (const caller of group.slice(from, from + RELEASED_AT_ONCE)) caller.resolve();
    }
  }

  return {
    settle() {
      if (failure) return Promise.reject(failure);
      const caller = Promise.withResolvers<void>();
      waiting.push(caller);
      if (!running) void run();
      return caller.promise;
    },
    failure: () => failure,
    fail,
    isSyncing: () => running,
  };
}

const RELEASED_AT_ONCE = 4;
