import { recordLength } from "./decode.ts";
import { RECORD_BYTES_MAX, RECORD_MARK, seedAt } from "./layout.ts";

/** A stretch of a segment in memory. */
export interface Range {
  readonly bytes: Buffer;
  /** Place of the first byte in its segment; a multiple of 8. */
  readonly base: number;
  /** Seed of the segment. */
  readonly seed: number;
  /**
   * True while records may still be written behind the range, and no further than it was asked for: all of it
   * is then known to be published.
   */
  readonly published: boolean;
}

export interface Findings {
  /** Called for each whole record; answer false to stop behind it. `at` is a place in `bytes`. */
  onRecord(at: number, length: number): boolean;
  /** Called for bytes that were a record and are none any more. */
  onDamage(at: number, length: number): void;
}

/**
 * Walks through the records of a range and returns the place in `bytes` behind the last thing it accounted for.
 *
 * Where no whole record begins, the next one is looked for at every eighth byte. What lies between is damage,
 * unless it is the tail of a segment left behind by a process that was killed or a machine that lost power:
 * there a first word of zero, or a record that runs over the end of the file, is a visit that never was
 * recorded in full, and is cut off.
 */
export function scan(range: Range, findings: Findings): number {
  const { bytes, base, seed } = range;
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const length = recordLength(bytes, at, end, seedAt(seed, base + at));
    if (length > 0) {
      at += length;
      if (!findings.onRecord(at - length, length)) return at;
      continue;
    }
    const next = findRecord(range, at + 8);
    if (next !== -1) {
      findings.onDamage(at, next - at);
      at = next;
      continue;
    }
    const damage = damageAtTail(range, at);
    if (damage > 0) findings.onDamage(at, damage);
    return end;
  }
  return at;
}

/** The next place at or behind `from` where a whole record begins, or -1. */
function findRecord({ bytes, base, seed }: Range, from: number): number {
  for (let at = from; at < bytes.length; at += 8)
    if (recordLength(bytes, at, bytes.length, seedAt(seed, base + at)) > 0) return at;
  return -1;
}

/** How many bytes from `at` to the last that is not zero are a damaged record; 0 when they are a torn tail. */
function damageAtTail({ bytes, published }: Range, at: number): number {
  const rest = bytes.subarray(at);
  if (published) return rest.length;
  let used = rest.length;
  while (used > 0 && rest[used - 1] === 0) used--;
  if (used === 0) return 0;
  return rest.length < 4 || rest.readUInt32LE(0) === 0 || runsOver(rest) ? 0 : used;
}

/** True for the beginning of a record whose end the file no longer holds. */
function runsOver(rest: Buffer): boolean {
  const head = rest.readUInt32LE(0);
  const length = (head & 0xffff) * 8;
  if (head >>> 16 !== RECORD_MARK || length > RECORD_BYTES_MAX || length <= rest.length) return false;
  return rest.length < 16 || rest.readUInt16LE(14) * 8 === length;
}
