import type { Clock } from "../../src/lib/clock.ts";

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  advance(ms: number): void;
  set(ms: number): void;
}

export function handClock(start = Date.parse("2026-03-10T12:00:00Z")): HandClock {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
    set(ms) {
      now = ms;
    },
  };
}
