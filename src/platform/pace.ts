export interface Pace {
  /** Starts a task when its round has come. */
  <T>(task: () => Promise<T>): Promise<T>;
  /** So many wait that another would wait too long. */
  isFull(): boolean;
}

/** A redirect waits for as many at most. */
const TASKS_A_ROUND = 4;
/** About a second's work. */
const WAITING_MAX = 2000;

/**
 * Lets a few tasks begin in each round of the event loop. Between two rounds the sockets are asked, so redirects are
 * never far behind, however many API calls came at once.
 */
export function openPace(tasksMax = TASKS_A_ROUND): Pace {
  const waiting: (() => void)[] = [];

  function round(): void {
    for (const begin of waiting.splice(0, tasksMax)) begin();
    if (waiting.length > 0) setImmediate(round);
  }

  const pace = async <T>(task: () => Promise<T>): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (waiting.push(resolve) === 1) setImmediate(round);
    await promise;
    return task();
  };
  return Object.assign(pace, { isFull: () => waiting.length >= WAITING_MAX });
}
