import type { Clock } from "../../lib/clock.ts";
import { type Limits, WINDOW_SECONDS, type WindowName, windowNames } from "./tier.ts";

/** What is left of a caller's calls in one running window. */
export interface Allowance {
  readonly window: WindowName;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window begins anew, at least 1. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
  /** All limits in force, of which this is the tightest. */
  readonly limits: Limits;
}

/** One length of window: everybody's begins at the same moment, so that it is forgotten whole. */
export interface Counted {
  readonly name: WindowName;
  startedAt: number;
  used: Map<string, number>;
  /** Calls taken since they were last written down, by subject. */
  unsaved: Map<string, number>;
}

export interface Counter {
  /** Takes one call off every window of the subject, or, when one is full, off none. Null when nothing limits it. */
  take(subject: string, limits: Limits): Allowance | null;
  /** A window as it runs now; the past is forgotten. */
  window(name: WindowName): Counted;
}

/** Subjects that are counted at once. Of more, the oldest are forgotten, which forgives them their calls. */
const SUBJECTS_MAX = 500_000;

/**
 * Counts calls in windows of fixed length, aligned to the clock (UTC): exact, in memory, and a refusal costs a few
 * lookups. `saving` says whether calls are noted for whoever writes them down.
 */
export function openCounter(clock: Clock, saving = false, subjectsMax = SUBJECTS_MAX): Counter {
  const windows = Object.fromEntries(
    windowNames.map((name) => [name, { name, startedAt: 0, used: new Map(), unsaved: new Map() }]),
  ) as unknown as Record<WindowName, Counted>;

  function current(name: WindowName, now: number): Counted {
    const window = windows[name];
    const startedAt = startOf(name, now);
    if (window.startedAt !== startedAt) {
      window.startedAt = startedAt;
      window.used = new Map();
      window.unsaved = new Map();
    }
    return window;
  }

  function count({ used, unsaved }: Counted, subject: string): void {
    const before = used.get(subject);
    if (before === undefined && used.size >= subjectsMax) used.delete(used.keys().next().value!);
    used.set(subject, (before ?? 0) + 1);
    if (saving) unsaved.set(subject, (unsaved.get(subject) ?? 0) + 1);
  }

  /** What is left of one window; null when it does not limit. */
  function left(name: WindowName, subject: string, limits: Limits, now: number): Allowance | null {
    const limit = limits[name];
    if (limit === null) return null;
    const { startedAt, used } = current(name, now);
    const remaining = limit - (used.get(subject) ?? 0);
    const resetSeconds = Math.max(1, Math.ceil((startedAt - now) / 1000) + WINDOW_SECONDS[name]);
    return { window: name, limit, remaining, resetSeconds, exceeded: remaining <= 0, limits };
  }

  return {
    take(subject, limits) {
      const now = clock.now();
      let tightest: Allowance | null = null;
      for (const name of windowNames) {
        const found = left(name, subject, limits, now);
        if (found && isTighter(found, tightest)) tightest = found;
      }
      if (tightest === null) return null;
      if (tightest.exceeded) return { ...tightest, remaining: 0 };
      for (const name of windowNames) if (limits[name] !== null) count(windows[name], subject);
      return { ...tightest, remaining: tightest.remaining - 1 };
    },
    window: (name) => current(name, clock.now()),
  };
}

/** The one with fewest calls left; of those that are full, or equal, the one that lasts longest. */
function isTighter(one: Allowance, other: Allowance | null): boolean {
  if (other === null) return true;
  if (one.exceeded && other.exceeded) return one.resetSeconds >= other.resetSeconds;
  return one.remaining < other.remaining || (one.remaining === other.remaining && one.limit >= other.limit);
}

const startOf = (name: WindowName, now: number): number => {
  const ms = WINDOW_SECONDS[name] * 1000;
  return Math.floor(now / ms) * ms;
};
