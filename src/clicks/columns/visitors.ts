/**
 * A set of 64-bit numbers, each as two words, that a kernel adds to by itself: `room`, then `find` and `put` for each,
 * then `grown`. Open addressing over plain words: many times faster than a Set of keys, and 16 to 32 bytes for each.
 * Words are signed: JavaScript calculates with those as integers, and with unsigned ones as fractions.
 */
export interface Visitors {
  /** Its slots, two words each, with room for so many more. Valid until the next call. */
  room(more: number): Int32Array;
  /** So many were put into it. */
  grown(by: number): void;
  /** True when it was not in the set before. */
  add(low: number, high: number): boolean;
  clear(): void;
}

const SLOTS_MIN = 1024;
/** A set that has grown beyond this gives its memory back when it is cleared. */
const SLOTS_KEPT = 2 ** 21;

/**
 * Where two words stand among slots, or the free slot that is theirs: a place of the first of two words. Two zeros mark a
 * free slot, so a number that is zero must be spelled otherwise: see `spelled`.
 */
export function find(slots: Int32Array, low: number, high: number): number {
  const mask = slots.length - 1;
  const mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
  let place = ((mixed ^ (mixed >>> 15)) << 1) & mask;
  while (slots[place] !== low || slots[place + 1] !== high) {
    if (slots[place] === 0 && slots[place + 1] === 0) return place;
    place = (place + 2) & mask;
  }
  return place;
}

/** The low word as it is kept: one hash in 2^64 stands for another, and none for nothing. */
export const spelled = (low: number, high: number): number => ((low | high) === 0 ? 1 : low);

export function openVisitors(): Visitors {
  let slots = new Int32Array(2 * SLOTS_MIN);
  let size = 0;

  function grow(to: number): void {
    const before = slots;
    slots = new Int32Array(to);
    for (let i = 0; i < before.length; i += 2) {
      const low = before[i]!;
      const high = before[i + 1]!;
      if ((low | high) === 0) continue;
      const place = find(slots, low, high);
      slots[place] = low;
      slots[place + 1] = high;
    }
  }

  function room(more: number): Int32Array {
    let length = slots.length;
    while (length < 4 * (size + more)) length *= 2;
    if (length > slots.length) grow(length);
    return slots;
  }

  return {
    room,
    grown(by) {
      size += by;
    },
    add(low, high) {
      const kept = spelled(low, high);
      const into = room(1);
      const place = find(into, kept, high);
      if (into[place] !== 0 || into[place + 1] !== 0) return false;
      into[place] = kept;
      into[place + 1] = high;
      size++;
      return true;
    },
    clear() {
      if (size === 0) return;
      if (slots.length > 2 * SLOTS_KEPT) slots = new Int32Array(2 * SLOTS_MIN);
      else slots.fill(0);
      size = 0;
    },
  };
}

/**
 * A number mixed into a visitor's words, so that one set holds the visitors of many groups. For each number it is a
 * bijection: two visitors of one group never become one, and those of two groups as seldom as two hashes are alike.
 */
export const mixLow = (number: number): number => Math.imul(number, 0x9e37_79b1);
export const mixHigh = (number: number): number => Math.imul(number, 0xc2b2_ae35);
