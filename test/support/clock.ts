import type { After, Clock } from "../../src/lib/clock.ts";

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  /** Lets time pass: what `after` was given comes round in its order. */
  advance(ms: number): void;
  /** Sets the clock, as a person or NTP does: no time passes. */
  set(ms: number): void;
  readonly after: After;
}

export function handClock(start = Date.parse("2026-03-10T12:00:00Z")): HandClock {
  let now = start;
  let passed = 0;
  const waiting = new Set<{ readonly at: number; readonly work: () => void }>();
  const next = (until: number) =>
    [...waiting].filter(({ at }) => at <= until).toSorted((one, other) => one.at - other.at)[0];
  return {
    now: () => now,
    advance(ms) {
      const until = passed + ms;
      for (let one = next(until); one; one = next(until)) {
        waiting.delete(one);
        now += one.at - passed;
        passed = one.at;
        one.work();
      }
      now += until - passed;
      passed = until;
    },
    set(ms) {
      now = ms;
    },
    after(ms, work) {
      const one = { at: passed + ms, work };
      waiting.add(one);
      return () => waiting.delete(one);
    },
  };
}
