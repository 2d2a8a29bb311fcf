import type { JournalPosition } from "../store.ts";
import { HEADER_BYTES, SEGMENT_BYTES } from "./layout.ts";

/** More segments than this are never waiting to be folded: 128 GB of journal. A power of two. */
const RING = 16_384;
const CURRENT = 0;
const FIRST = 1;
const ASLEEP = 2;
const DISK_FULL = 3;
const ENDS = 8;

/** Bits of `ASLEEP`. */
export const sleepers = { keeper: 1, counter: 2 } as const;
export type Sleeper = keyof typeof sleepers;

/**
 * What the redirect's thread and the two click threads tell each other without a message: where the journal
 * ends, and who sleeps. One writer for each word but `ASLEEP`.
 */
export interface Control {
  readonly memory: SharedArrayBuffer;
  /** Number of the segment being written; 0 before the first. */
  current(): number;
  /** The first segment of this process: those before it are left from another life, and end where they end. */
  first(): number;
  /** Where the published records of a segment of this process end. */
  endOf(segment: number): number;
  /** Where the journal ends now; null before the first segment. */
  end(): JournalPosition | null;
  /** Writer: begins a segment of this process. */
  begin(segment: number): void;
  /** Writer: everything before `offset` is whole. */
  publish(segment: number, offset: number): void;
  /** Writer: whoever sleeps (bits of `sleepers`), counted as awake from now on. 0 nearly always. */
  wake(): number;
  /** A thread is about to sleep. It must look once more afterwards: a record may have come in between. */
  sleep(who: Sleeper): void;
  diskFull(): boolean;
  setDiskFull(full: boolean): void;
}

export function openControl(memory?: SharedArrayBuffer): Control {
  const shared = memory ?? new SharedArrayBuffer((ENDS + RING) * 4);
  const words = new Int32Array(shared);
  const endOf = (segment: number) => Atomics.load(words, ENDS + (segment & (RING - 1)));
  return {
    memory: shared,
    current: () => Atomics.load(words, CURRENT),
    first: () => Atomics.load(words, FIRST),
    endOf,
    end() {
      const segment = Atomics.load(words, CURRENT);
      return segment === 0 ? null : { segment, offset: endOf(segment) };
    },
    begin(segment) {
      Atomics.store(words, ENDS + (segment & (RING - 1)), HEADER_BYTES);
      if (Atomics.load(words, FIRST) === 0) Atomics.store(words, FIRST, segment);
      Atomics.store(words, CURRENT, segment);
    },
    publish: (segment, offset) => {
      Atomics.store(words, ENDS + (segment & (RING - 1)), offset);
    },
    wake: () => (Atomics.load(words, ASLEEP) === 0 ? 0 : Atomics.exchange(words, ASLEEP, 0)),
    sleep: (who) => {
      Atomics.or(words, ASLEEP, sleepers[who]);
    },
    diskFull: () => Atomics.load(words, DISK_FULL) === 1,
    setDiskFull: (full) => {
      Atomics.store(words, DISK_FULL, full ? 1 : 0);
    },
  };
}

/** Bytes of journal between two places. */
export const bytesBetween = (from: JournalPosition, to: JournalPosition): number =>
  Math.max(0, (to.segment - from.segment) * SEGMENT_BYTES + to.offset - from.offset);

/** True when `a` lies before `b`. */
export const isBefore = (a: JournalPosition, b: JournalPosition): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
