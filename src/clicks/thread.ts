/** A thread of ours, and what it says. */
export interface Thread<To> {
  post(message: To): void;
  end(): void;
}

/**
 * Starts the click worker's file as one more thread. It is an entry point of its own in the executable, where
 * all files lie in one folder.
 *
 * @param died called at most once, when the thread ended by an error
 */
export function startThread<To, From>(
  name: string,
  hear: (message: From) => void,
  died: (error: Error) => void,
): Thread<To> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { name });
  let ended = false;
  worker.onmessage = ({ data }: MessageEvent<From>) => hear(data);
  worker.onerror = (event) => {
    if (ended) return;
    ended = true;
    worker.terminate();
    died(event.error instanceof Error ? event.error : new Error(event.message));
  };
  return {
    post: (message) => worker.postMessage(message),
    end() {
      ended = true;
      worker.terminate();
    },
  };
}
