/** Columns of a click that are numbers of a dictionary, codes, or small counts. In this order in the tail, and in blocks: append only. */
export const numbers = [
  "workspace",
  "domain",
  "link",
  "version",
  "outcome",
  "trigger",
  "rule",
  "variant",
  "verdict",
  "reason",
  "counted",
  "network",
  "agent",
  "referrer",
  "language",
  "campaign",
] as const;
export type NumberColumn = (typeof numbers)[number];

/** Clicks as columns in memory. */
export interface Batch {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly at: Float64Array;
  /** The visitor's hash mixed with the day, two words a click; only where `counted` is a click of somebody. */
  readonly visitor: Int32Array;
  /** The first 32 bits of chance of the click's id. */
  readonly chance: Uint32Array;
  readonly numbers: Readonly<Record<NumberColumn, Uint32Array>>;
  /** The memory behind all of them. */
  readonly bytes: Uint8Array;
}

const BYTES_A_CLICK = 8 + 8 + 4 + 4 * numbers.length;

export const newBatch = (count: number): Batch => batchOver(new Uint8Array(count * BYTES_A_CLICK), count);

/** @throws RangeError when the bytes are not those of so many clicks */
export function batchOver(bytes: Uint8Array, count: number): Batch {
  if (bytes.length !== count * BYTES_A_CLICK) throw new RangeError(`not ${count} clicks`);
  const { buffer, byteOffset } = bytes;
  const words = (place: number, length: number) => new Uint32Array(buffer, byteOffset + place, length);
  const columns = numbers.map((name, i) => [name, words(count * (20 + 4 * i), count)] as const);
  return {
    count,
    at: new Float64Array(buffer, byteOffset, count),
    visitor: new Int32Array(buffer, byteOffset + count * 8, count * 2),
    chance: words(count * 16, count),
    numbers: Object.fromEntries(columns) as Record<NumberColumn, Uint32Array>,
    bytes,
  };
}

/** The clicks at `places`, in that order. */
export function pick(from: Batch, places: Uint32Array): Batch {
  const to = newBatch(places.length);
  copy(to.chance, from.chance, places);
  for (const name of numbers) copy(to.numbers[name], from.numbers[name], places);
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    to.at[i] = from.at[place]!;
    to.visitor[2 * i] = from.visitor[2 * place]!;
    to.visitor[2 * i + 1] = from.visitor[2 * place + 1]!;
  }
  return to;
}

function copy(to: Uint32Array, from: Uint32Array, places: Uint32Array): void {
  for (let i = 0; i < places.length; i++) to[i] = from[places[i]!]!;
}

export function joined(parts: readonly Batch[]): Batch {
  const all = newBatch(parts.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const part of parts) {
    all.at.set(part.at, at);
    all.visitor.set(part.visitor, 2 * at);
    all.chance.set(part.chance, at);
    for (const name of numbers) all.numbers[name].set(part.numbers[name], at);
    at += part.count;
  }
  return all;
}

/** The places for which something holds, in order. */
export function placesWhere(count: number, holds: (place: number) => boolean): Uint32Array {
  const places = new Uint32Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) if (holds(i)) places[found++] = i;
  return places.slice(0, found);
}

/** The first and the last time in it. */
export function spanOf(at: Float64Array): { first: number; last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < at.length; i++) {
    const time = at[i]!;
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return { first, last };
}
