import type { NumberColumn } from "./batch.ts";
import { BLOCK_CLICKS } from "./blocks.ts";
import { countedAs, DAY_MS } from "./counted.ts";
import { lowerBound, placeIn } from "./indexed.ts";
import type { Part, Words } from "./part.ts";
import type { Tally } from "./tally.ts";
import { find, mixHigh, mixLow, spelled } from "./visitors.ts";

/** Which clicks count, and as what. */
export interface Plan {
  readonly workspace: number;
  /** Milliseconds since 1970; `from` included, `to` not. */
  readonly from: number;
  readonly to: number;
  readonly filters: readonly Filter[];
  readonly grouping: Grouping;
  readonly needsUniques: boolean;
  /** Whether the time of the last human click of each group is wanted. */
  readonly needsLast: boolean;
}

export interface Filter {
  readonly column: NumberColumn;
  /** For each entry of a dictionary 1 when its clicks are wanted, else 0; null when none of them are. */
  admit(dictionary: Uint32Array): Uint8Array | null;
}

export type Grouping =
  | null
  | {
      readonly column: NumberColumn;
      /** For each entry of a dictionary the number of its group. */
      groupsOf(dictionary: Uint32Array): Uint32Array;
    }
  /** Starts of the buckets, ascending; the first is not after `from`. */
  | { readonly starts: Float64Array };

/** Clicks that have one of these numbers in a column. */
export const filterOf = (column: NumberColumn, numbers: readonly number[]): Filter => ({
  column,
  admit(dictionary) {
    const found = numbers.map((number) => placeIn(dictionary, number)).filter((place) => place >= 0);
    if (found.length === 0) return null;
    const table = new Uint8Array(dictionary.length);
    for (const place of found) table[place] = 1;
    return table;
  },
});

const mask = new Uint8Array(BLOCK_CLICKS);
const noPlaces = new Uint16Array(BLOCK_CLICKS);
const oneGroup = Uint32Array.of(0);

/**
 * The one kernel: puts clicks of a part into the numbers of their groups. All that may be damaged is read before
 * anything is counted.
 */
export function scan(part: Part, plan: Plan, tally: Tally): void {
  const range = select(part, plan);
  if (range === null) return;
  const [from, to] = range;
  const { places, groups } = grouped(part, plan);
  const kinds = part.dictionary("counted");
  const counted = part.places("counted");
  const visitor = plan.needsUniques && kinds.includes(countedAs.click) ? part.visitor(from, to) : null;
  const at = plan.needsLast ? part.at() : null;
  countAll(from, to, places, groups, counted, kinds, tally);
  if (visitor !== null) countVisitors(from, to, places, groups, counted, kinds, visitor, tally);
  if (at !== null) keepLast(from, to, places, groups, counted, kinds, at, tally);
}

/** Sets `mask` for what is wanted between two places, and answers these; null when nothing is. */
function select(part: Part, { workspace, from, to, filters }: Plan): readonly [number, number] | null {
  if (part.last < from || part.first >= to) return null;
  // By dictionaries alone first: most parts without what is wanted end here.
  const admitted: { column: NumberColumn; table: Uint8Array }[] = [];
  const all = part.workspace === null ? [filterOf("workspace", [workspace]), ...filters] : filters;
  for (const { column, admit } of all) {
    const table = admit(part.dictionary(column));
    if (table === null) return null;
    if (table.includes(0)) admitted.push({ column, table });
  }
  let low = 0;
  let high = part.count;
  const [first] = admitted;
  if (part.isByLink && first?.column === "link") {
    const places = part.places("link");
    low = lowerBound(places, first.table.indexOf(1));
    high = lowerBound(places, first.table.lastIndexOf(1) + 1);
    if (first.table.lastIndexOf(1) === first.table.indexOf(1)) admitted.shift();
  }
  mask.fill(1, low, high);
  for (const { column, table } of admitted) narrow(part.places(column), table, low, high);
  if (part.first < from || part.last >= to) narrowByTime(part.at(), from, to, low, high);
  return [low, high];
}

function narrow(places: Uint16Array, table: Uint8Array, low: number, high: number): void {
  for (let i = low; i < high; i++) mask[i]! &= table[places[i]!]!;
}

function narrowByTime(at: Float64Array, from: number, to: number, low: number, high: number): void {
  for (let i = low; i < high; i++) if (at[i]! < from || at[i]! >= to) mask[i] = 0;
}

interface Grouped {
  readonly places: Uint16Array;
  readonly groups: Uint32Array;
}

function grouped(part: Part, { grouping, from, to }: Plan): Grouped {
  if (grouping === null) return { places: noPlaces, groups: oneGroup };
  if ("column" in grouping) {
    const groups = grouping.groupsOf(part.dictionary(grouping.column));
    return { places: groups.length === 1 ? noPlaces : part.places(grouping.column), groups };
  }
  const { starts } = grouping;
  const low = bucketOf(starts, Math.max(part.first, from));
  const high = bucketOf(starts, Math.min(part.last, to - 1));
  const groups = Uint32Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return { places: low === high ? noPlaces : bucketsOf(part.at(), starts, low, high), groups };
}

function bucketsOf(at: Float64Array, starts: Float64Array, low: number, high: number): Uint16Array {
  const places = new Uint16Array(at.length);
  const length = lengthOf(starts, low, high);
  if (length > 0) {
    const start = starts[low]!;
    for (let i = 0; i < at.length; i++) places[i] = Math.floor((at[i]! - start) / length);
    return places;
  }
  let bucket = low;
  for (let i = 0; i < at.length; i++) {
    const time = at[i]!;
    // Clicks of one link come in the order of time: the next one is seldom far.
    if (time < starts[bucket]!) bucket = Math.max(low, bucketOf(starts, time));
    while (bucket < high && time >= starts[bucket + 1]!) bucket++;
    places[i] = bucket - low;
  }
  return places;
}

/** How long each of some buckets is, the last as the others; 0 where they differ, as when a clock is changed. */
function lengthOf(starts: Float64Array, low: number, high: number): number {
  const length = starts[low + 1]! - starts[low]!;
  for (let bucket = low; bucket < high; bucket++)
    if (starts[bucket + 1]! - starts[bucket]! !== length) return 0;
  return length;
}

/** The last bucket that starts at or before a time. */
function bucketOf(starts: Float64Array, time: number): number {
  let low = 0;
  for (let high = starts.length - 1; low < high; ) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

function countAll(
  from: number,
  to: number,
  places: Uint16Array,
  groups: Uint32Array,
  counted: Uint16Array,
  kinds: Uint32Array,
  tally: Tally,
): void {
  const counts = tally.counts();
  for (let i = from; i < to; i++) if (mask[i] === 1) counts[4 * groups[places[i]!]! + kinds[counted[i]!]!]!++;
}

function countVisitors(
  from: number,
  to: number,
  places: Uint16Array,
  groups: Uint32Array,
  counted: Uint16Array,
  kinds: Uint32Array,
  visitor: Words,
  { uniques, seen }: Tally,
): void {
  const numbers = uniques();
  const wanted = kinds.indexOf(countedAs.click);
  const { words, base } = visitor;
  const slots = seen.room(to - from);
  let found = 0;
  for (let i = from; i < to; i++) {
    if (mask[i] === 0 || counted[i] !== wanted) continue;
    const group = groups[places[i]!]!;
    const high = words[2 * (i - base) + 1]! ^ mixHigh(group);
    const low = spelled(words[2 * (i - base)]! ^ mixLow(group), high);
    const place = find(slots, low, high);
    if (slots[place] !== 0 || slots[place + 1] !== 0) continue;
    slots[place] = low;
    slots[place + 1] = high;
    numbers[group]!++;
    found++;
  }
  seen.grown(found);
}

function keepLast(
  from: number,
  to: number,
  places: Uint16Array,
  groups: Uint32Array,
  counted: Uint16Array,
  kinds: Uint32Array,
  at: Float64Array,
  { last }: Tally,
): void {
  for (let i = from; i < to; i++) {
    const kind = kinds[counted[i]!]!;
    if (mask[i] === 0 || (kind !== countedAs.click && kind !== countedAs.nobody)) continue;
    const group = groups[places[i]!]!;
    if (at[i]! > (last.get(group) ?? Number.NEGATIVE_INFINITY)) last.set(group, at[i]!);
  }
}

/**
 * Runs the kernel over parts. Visitors differ from day to day, so those of days that are past are let go of: parts are
 * taken in the order of their first clicks, and where a day begins behind all that was read, the set begins anew.
 *
 * @param failed called instead of a throw for a part that `scan` could not read
 */
export function scanAll<One extends Part>(
  parts: readonly One[],
  plan: Plan,
  tally: Tally,
  failed: (part: One, error: unknown) => void,
): void {
  let last = Number.NEGATIVE_INFINITY;
  for (const part of parts.toSorted((one, other) => one.first - other.first)) {
    if (Math.floor(part.first / DAY_MS) > Math.floor(last / DAY_MS)) tally.seen.clear();
    last = Math.max(last, part.last);
    try {
      scan(part, plan, tally);
    } catch (error) {
      failed(part, error);
    }
  }
}
