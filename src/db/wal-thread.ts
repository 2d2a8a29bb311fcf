import type { WalAnswer, WalCall, WalRequest } from "./sync-worker.ts";

/** What is done to the write-ahead log off the main thread. */
export interface WalThreads {
  /** Resolves with the log's size in bytes when everything written to it before the call is on disk. */
  sync(): Promise<number>;
  /** Copies what no reader needs into the database file, beside the writer. Resolves with the pages left. */
  copy(): Promise<number>;
  /** Empties the log. The caller holds the writer's turn. False when a reader is in the way. */
  empty(): Promise<boolean>;
  /** Copies everything, empties the log and ends. */
  close(): Promise<void>;
  /** Ends as if the power had gone, for after a failure: a log that is not on the disk must not be built upon. */
  abandon(): void;
}

/** A failure on one of the threads, with the code of the system or of SQLite. */
export class WalFailure extends Error {
  override readonly name = "WalFailure";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Starts both threads on a database that is already open, and leaves its log empty and on disk. */
export async function startWalThreads(path: string): Promise<WalThreads> {
  const syncer = thread();
  const checkpointer = thread();
  // In this order: the checkpointer makes the log that the other one opens.
  await checkpointer.ask({ open: { role: "checkpoint", path } });
  await syncer.ask({ open: { role: "sync", path } });
  const ask = (to: Thread, call: WalCall) => to.ask({ call });
  return {
    sync: async () => Number(await ask(syncer, "sync")),
    copy: async () => Number(await ask(checkpointer, "copy")),
    empty: async () => Boolean(await ask(checkpointer, "empty")),
    async close() {
      await Promise.all([syncer.end(), checkpointer.end()]);
    },
    abandon() {
      syncer.kill();
      checkpointer.kill();
    },
  };
}

interface Thread {
  ask(request: WalRequest): Promise<number | boolean>;
  end(): Promise<void>;
  kill(): void;
}

function thread(): Thread {
  const worker = new Worker(new URL("./sync-worker.ts", import.meta.url));
  /** Asked and not yet answered, oldest first: the thread answers in order. */
  const waiting: PromiseWithResolvers<number | boolean>[] = [];
  let ended: WalFailure | null = null;

  worker.onmessage = ({ data }: MessageEvent<WalAnswer>) => {
    const caller = waiting.shift();
    if ("error" in data) caller?.reject(new WalFailure(data.error.code, data.error.message));
    else caller?.resolve(data.result);
  };
  const end = (reason: string): void => {
    ended ??= new WalFailure("THREAD_ENDED", reason);
    for (const caller of waiting.splice(0)) caller.reject(ended);
  };
  worker.onerror = ({ message }) => end(message);
  worker.addEventListener("close", () => end("The thread that syncs the database has ended."));

  const ask = (request: WalRequest): Promise<number | boolean> => {
    if (ended) return Promise.reject(ended);
    const caller = Promise.withResolvers<number | boolean>();
    waiting.push(caller);
    worker.postMessage(request);
    return caller.promise;
  };
  return {
    ask,
    async end() {
      try {
        if (!ended) await ask({ call: "close" });
      } finally {
        worker.terminate();
      }
    },
    kill() {
      // A thread that is terminated does not say so, and somebody may hold the writer's turn and wait for it.
      end("The thread was stopped after a failure.");
      worker.terminate();
    },
  };
}
