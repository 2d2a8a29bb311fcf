import { type Blocks, isDamage } from "./blocks.ts";
import { countedAs, DAY_MS } from "./counted.ts";
import type { Part } from "./part.ts";
import type { Tail } from "./tail.ts";
import { mixHigh, mixLow, openVisitors, type Visitors } from "./visitors.ts";

/** Days kept in memory: today, and yesterday for what comes late. */
const DAYS_KEPT = 2;

/**
 * Who was already counted as a unique click of a link on a day. Kept in memory only, and made of the clicks themselves
 * when a day is asked for that is not there: after a start, and for clicks that come late.
 */
export interface Seen {
  /** True for the first click of a visitor on a link that day. */
  isNew(link: number, day: number, low: number, high: number): boolean;
  /** Lets go of days that are past. To be called between batches. */
  prune(): void;
  /** What memory knows is not what is stored: after a rollback, and when clicks were forgotten. */
  forget(): void;
}

export function openSeen(blocks: Blocks, tail: Tail): Seen {
  const days = new Map<number, Visitors>();
  let lastDay = Number.NaN;
  let last: Visitors | null = null;

  function read(day: number): Visitors {
    const from = day * DAY_MS;
    const seen = openVisitors();
    for (const block of blocks.during(from, from + DAY_MS)) {
      try {
        addAll(blocks.part(block), day, seen);
      } catch (error) {
        if (!isDamage(error)) throw error;
        blocks.setAside(block, error);
      }
    }
    for (const part of tail.parts()) addAll(part, day, seen);
    days.set(day, seen);
    return seen;
  }

  return {
    isNew(link, day, low, high) {
      if (day !== lastDay || last === null) {
        last = days.get(day) ?? read(day);
        lastDay = day;
      }
      return last.add(low ^ mixLow(link), high ^ mixHigh(link));
    },
    prune() {
      const past = [...days.keys()].sort((one, other) => other - one).slice(DAYS_KEPT);
      for (const day of past) days.delete(day);
      last = null;
    },
    forget() {
      days.clear();
      last = null;
    },
  };
}

/** Adds who is counted on a day in a part. All of it is read before anything is added. */
function addAll(part: Part, day: number, seen: Visitors): void {
  const from = day * DAY_MS;
  const to = from + DAY_MS;
  if (part.last < from || part.first >= to) return;
  const kind = part.dictionary("counted").indexOf(countedAs.click);
  if (kind < 0) return;
  const links = part.dictionary("link");
  const places = part.places("link");
  const counted = part.places("counted");
  const { words, base } = part.visitor(0, part.count);
  const at = part.first >= from && part.last < to ? null : part.at();
  for (let i = 0; i < part.count; i++) {
    if (counted[i] !== kind || (at !== null && (at[i]! < from || at[i]! >= to))) continue;
    const link = links[places[i]!]!;
    if (link === 0) continue;
    seen.add(words[2 * (i - base)]! ^ mixLow(link), words[2 * (i - base) + 1]! ^ mixHigh(link));
  }
}
