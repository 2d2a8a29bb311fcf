import { type Batch, joined, pick } from "./batch.ts";
import { BLOCK_CLICKS, type Block, type Blocks, isDamage } from "./blocks.ts";
import { DAY_MS } from "./counted.ts";
import type { Tail } from "./tail.ts";

/** Days of one workspace share a block while they are together no more than this. */
const SHARED_MAX = 8192;
/** Links and places in one number: the sort is then over plain numbers, several times faster than by a comparison. */
const PLACES = 2 ** 17;

/**
 * Turns the tail into blocks. To be called in a transaction. A block holds clicks of one day, UTC, so that visitors can be
 * counted day by day; where days are small, of several.
 */
export function seal(tail: Tail, blocks: Blocks): void {
  const all = joined(tail.batches());
  for (const { workspace, day, places } of byWorkspaceAndDay(all))
    for (let from = 0; from < places.length; from += BLOCK_CLICKS)
      add(blocks, workspace, day, pick(all, places.subarray(from, from + BLOCK_CLICKS)));
  tail.clear();
}

interface Group {
  readonly workspace: number;
  readonly day: number;
  readonly places: Uint32Array;
}

function byWorkspaceAndDay({ at, numbers, count }: Batch): Group[] {
  const groups = new Map<number, Map<number, number[]>>();
  for (let i = 0; i < count; i++) {
    const workspace = numbers.workspace[i]!;
    const day = Math.floor(at[i]! / DAY_MS);
    const days = groups.get(workspace) ?? new Map<number, number[]>();
    if (days.size === 0) groups.set(workspace, days);
    const places = days.get(day);
    if (places === undefined) days.set(day, [i]);
    else places.push(i);
  }
  return [...groups].flatMap(([workspace, days]) =>
    [...days]
      .sort(([one], [other]) => one - other)
      .map(([day, places]) => ({ workspace, day, places: Uint32Array.from(places) })),
  );
}

/** A new piece of a day takes in blocks of that day up to twice its size: whenever a click is written anew, its block has grown by half. */
function add(blocks: Blocks, workspace: number, day: number, piece: Batch): void {
  const from = day * DAY_MS;
  const sameDay = blocks
    .of(workspace, from, from + DAY_MS)
    .filter(({ first, last }) => first >= from && last < from + DAY_MS)
    .sort((one, other) => one.clicks - other.clicks);
  if (sameDay.length === 0) tidy(blocks, workspace, from);
  const parts = [piece];
  let count = piece.count;
  for (const block of sameDay) {
    if (block.clicks > 2 * count || count + block.clicks > BLOCK_CLICKS) break;
    const before = take(blocks, block);
    if (before === null) continue;
    parts.push(before);
    count += before.count;
  }
  write(blocks, workspace, parts);
}

/** Joins what is left of the days before a new one: as few blocks as hold them, and one for several small days. */
function tidy(blocks: Blocks, workspace: number, before: number): void {
  const [newest, ...older] = blocks.of(workspace, 0, before).reverse();
  if (newest === undefined) return;
  const dayStart = Math.floor(newest.last / DAY_MS) * DAY_MS;
  const ofDay = [newest, ...older.filter(({ first }) => first >= dayStart)];
  const earlier = older.find(({ first }) => first < dayStart);
  const group: Block[] = [];
  let count = 0;
  for (const block of ofDay.sort((one, other) => one.clicks - other.clicks)) {
    if (count + block.clicks > BLOCK_CLICKS) break;
    group.push(block);
    count += block.clicks;
  }
  if (earlier !== undefined && group.length === ofDay.length && count + earlier.clicks <= SHARED_MAX)
    group.push(earlier);
  if (group.length < 2) return;
  write(
    blocks,
    workspace,
    group.flatMap((block) => take(blocks, block) ?? []),
  );
}

/** What is in a block that is about to be written anew; null when it cannot be read. */
export function take(blocks: Blocks, block: Block): Batch | null {
  try {
    const batch = blocks.read(block);
    blocks.remove(block);
    return batch;
  } catch (error) {
    if (!isDamage(error)) throw error;
    blocks.setAside(block, error);
    return null;
  }
}

function write(blocks: Blocks, workspace: number, parts: readonly Batch[]): void {
  const batch = parts.length === 1 ? parts[0]! : joined(parts);
  if (batch.count > 0) blocks.write(workspace, byLink(batch));
}

/** The clicks ordered by link, and then as they came. */
function byLink(batch: Batch): Batch {
  const { link } = batch.numbers;
  const both = new Float64Array(batch.count);
  for (let place = 0; place < both.length; place++) both[place] = link[place]! * PLACES + place;
  both.sort();
  const places = new Uint32Array(batch.count);
  for (let i = 0; i < places.length; i++) places[i] = both[i]! % PLACES;
  return pick(batch, places);
}
