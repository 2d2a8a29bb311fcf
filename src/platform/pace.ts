/** Starts a task when its round has come. */
export type Pace = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Lets one task begin in each round of the event loop. Between two rounds the sockets are asked, so a redirect waits
 * for one API call at most, however many came at once.
 */
export function openPace(): Pace {
  const waiting: (() => void)[] = [];

  function round(): void {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(round);
  }

  return async (task) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (waiting.push(resolve) === 1) setImmediate(round);
    await promise;
    return task();
  };
}
