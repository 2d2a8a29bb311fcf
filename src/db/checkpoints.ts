import type { Logger } from "../lib/log.ts";
import { isFatal } from "./sqlite-failures.ts";
import type { Turns } from "./turns.ts";
import type { WalThreads } from "./wal-thread.ts";

/** Growth of the write-ahead log after which it is copied once more into the database file. */
const COPY_BYTES = 8 * 1024 ** 2;
/** Size above which the log is emptied, in a turn of its own. */
const EMPTY_BYTES = 32 * 1024 ** 2;
/** Pages left over by a copy, above which emptying would keep the writers waiting for long. */
const LEFT_MAX = 4000;
/** Size at which somebody has been reading for too long. */
export const STARVED_BYTES = 128 * 1024 ** 2;
const RETRY_MS = 1000;

export interface Checkpoints {
  /** To be told the size of the log whenever it may have grown. */
  onSize(sizeBytes: number): void;
  /** The size of the log, and whether somebody has been reading for so long that it cannot be emptied. */
  state(): { readonly walBytes: number; readonly starved: boolean };
  /** Starts none any more, and resolves when none is running. */
  stop(): Promise<void>;
}

interface CheckpointsOptions {
  readonly threads: WalThreads;
  readonly turns: Turns;
  readonly log: Logger;
  fail(error: unknown): void;
  /** Tests make them small. */
  readonly copyBytes?: number;
  readonly emptyBytes?: number;
}

/** Decides when the write-ahead log is copied and emptied, so that it stays small whatever is written. */
export function openCheckpoints(options: CheckpointsOptions): Checkpoints {
  const { threads, turns, log, fail, copyBytes = COPY_BYTES, emptyBytes = EMPTY_BYTES } = options;
  let sizeBytes = 0;
  let copiedBytes = 0;
  let running: Promise<void> | null = null;
  let retry: Timer | null = null;
  let starved = false;
  let stopped = false;

  async function round(): Promise<void> {
    copiedBytes = sizeBytes;
    const left = await threads.copy();
    if (sizeBytes < emptyBytes && left <= LEFT_MAX) return;
    const emptied = left <= LEFT_MAX && (await turns.take(() => threads.empty()));
    if (emptied) {
      if (starved) log.info("The write-ahead log could be emptied again", { sizeBytes });
      starved = false;
      sizeBytes = copiedBytes = 0;
      return;
    }
    if (sizeBytes >= STARVED_BYTES && !starved) {
      starved = true;
      log.warning("The write-ahead log grows: something has been reading the database for long", {
        sizeBytes,
      });
    }
    later();
  }

  const later = (): void => {
    if (stopped) return;
    retry = setTimeout(() => {
      retry = null;
      begin();
    }, RETRY_MS);
    retry.unref();
  };

  const begin = (): void => {
    if (stopped || running || retry) return;
    running = round()
      .catch((error: unknown) => {
        if (isFatal(error)) return fail(error);
        log.warning("Could not checkpoint the database; it is tried again", { error });
        later();
      })
      .finally(() => {
        running = null;
      });
  };

  return {
    onSize(bytes) {
      sizeBytes = bytes;
      if (bytes - copiedBytes >= copyBytes) begin();
    },
    state: () => ({ walBytes: sizeBytes, starved }),
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      await running;
    },
  };
}
