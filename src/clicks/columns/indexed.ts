/** A column as places in a dictionary of its own. */
export interface Indexed {
  /** The different numbers, ascending. */
  readonly dictionary: Uint32Array;
  /** For each click a place in `dictionary`. */
  readonly places: Uint16Array;
}

/** Dictionaries longer than this are not looked up in a table: their numbers may be anything. */
const TABLE_MAX = 2 ** 22;
let table = new Uint32Array(2 ** 16);

/** @param values at most 65,536 of them */
export function indexed(values: Uint32Array): Indexed {
  const count = values.length;
  let most = 0;
  for (let i = 0; i < count; i++) if (values[i]! > most) most = values[i]!;
  if (most >= TABLE_MAX) return indexedByMap(values);
  if (most >= table.length) table = new Uint32Array(Math.max(most + 1, 2 * table.length));
  // The table is all zeros between calls; a number stands in it one higher than its place.
  const found = new Uint32Array(count);
  let different = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (table[value] !== 0) continue;
    table[value] = 1;
    found[different++] = value;
  }
  const dictionary = found.slice(0, different).sort();
  for (let place = 0; place < different; place++) table[dictionary[place]!] = place + 1;
  const places = new Uint16Array(count);
  for (let i = 0; i < count; i++) places[i] = table[values[i]!]! - 1;
  for (let place = 0; place < different; place++) table[dictionary[place]!] = 0;
  return { dictionary, places };
}

function indexedByMap(values: Uint32Array): Indexed {
  const dictionary = Uint32Array.from(new Set(values)).sort();
  const placeOf = new Map(Array.from(dictionary, (value, place) => [value, place]));
  return { dictionary, places: Uint16Array.from(values, (value) => placeOf.get(value)!) };
}

/** Where a number stands in an ascending dictionary, or -1. */
export function placeIn(dictionary: Uint32Array | Uint16Array, value: number): number {
  const place = lowerBound(dictionary, value);
  return dictionary[place] === value ? place : -1;
}

/** The first place of a number that is not less than `value`. */
export function lowerBound(ascending: Uint32Array | Uint16Array, value: number): number {
  let low = 0;
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
