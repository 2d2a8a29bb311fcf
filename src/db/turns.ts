import { AsyncLocalStorage } from "node:async_hooks";

export interface Turns {
  /** Runs `work` when everybody before has finished, and has been committed unless it joins them. */
  take<T>(work: () => Promise<T>, kind?: "joins"): Promise<T>;
  /** Whether the next in line, if there is one, would join what is open now. */
  nextJoins(): boolean;
  /** Resolves when nobody is at work or waiting. */
  idle(): Promise<void>;
}

/** So many turns in a row are one long stop for everything else; requests and redirects get a word in between. */
const STRETCH_MS = 2;

/** @param finish ends what those who join have left open, before somebody has a turn who does not */
export function openTurns(finish: () => void = () => {}): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let stretchFrom = 0;
  const line: (undefined | "joins")[] = [];

  const breathe = async (): Promise<void> => {
    if (performance.now() - stretchFrom > STRETCH_MS) {
      await new Promise(setImmediate);
      stretchFrom = performance.now();
    }
  };
  return {
    take(work, kind) {
      line.push(kind);
      const mine = last.then(breathe).then(() => {
        line.shift();
        if (kind !== "joins") finish();
        return work();
      });
      last = mine.catch(() => {});
      return mine;
    },
    nextJoins: () => line[0] === "joins",
    async idle() {
      for (let seen = last; ; seen = last) {
        await seen;
        if (seen === last) return;
      }
    },
  };
}

const inside = new AsyncLocalStorage<true>();

/** Runs `work` so that a transaction begun in it is refused instead of waiting for itself forever. */
export async function notNested<T>(work: () => Promise<T>): Promise<T> {
  if (inside.getStore())
    throw new Error("A transaction was begun inside another one. Use the tx that is already there.");
  return inside.run(true, work);
}
