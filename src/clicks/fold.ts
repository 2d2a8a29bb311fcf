import { closeSync, openSync } from "node:fs";
import type { Click } from "./click.ts";
import { decodeRecord, type RecordedVisit } from "./journal/decode.ts";
import { HEADER_BYTES } from "./journal/layout.ts";
import { scan } from "./journal/scan.ts";
import { readHeader, readRange } from "./journal/segment.ts";

/** Most bytes of journal in one transaction, and most clicks. */
const READ_BYTES = 8 * 1024 * 1024;
const CLICKS_MAX = 16_384;

/** A segment open for reading. */
export interface Source {
  readonly number: number;
  readonly seed: number;
  readonly fd: number;
  close(): void;
}

/** @throws the system's error; an Error when the header is not readable */
export function openSource(path: string, number: number): Source {
  const fd = openSync(path, "r");
  const header = readHeader(fd);
  if (header === null) {
    closeSync(fd);
    throw new Error(`Segment ${number} of the click journal has no readable header.`);
  }
  return { number, seed: header.seed, fd, close: () => closeSync(fd) };
}

/** Bytes that were a record once. */
export interface Damage {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface Batch {
  readonly clicks: Click[];
  readonly damage: Damage[];
  /** Everything before this offset is accounted for. */
  readonly to: number;
}

/**
 * Reads the next clicks of a segment, from `from` up to `end` at most.
 * @param published all bytes up to `end` are known to be whole records; otherwise the segment is left from
 *   another life and may have a torn tail
 */
export function readBatch(
  source: Source,
  from: number,
  end: number,
  published: boolean,
  enrich: (visit: RecordedVisit) => Click,
): Batch {
  const base = Math.max(from, HEADER_BYTES);
  const bytes = readRange(source.fd, base, Math.min(end, base + READ_BYTES));
  const clicks: Click[] = [];
  const damage: Damage[] = [];
  const setAside = (at: number, length: number) =>
    damage.push({ offset: base + at, bytes: bytes.subarray(at, at + length) });
  const to = scan(
    { bytes, base, seed: source.seed, published },
    {
      onRecord(at, length) {
        const visit = decodeRecord(bytes, at, length);
        if (visit === null) setAside(at, length);
        else clicks.push(enrich(visit));
        return clicks.length < CLICKS_MAX;
      },
      onDamage: setAside,
    },
  );
  return { clicks, damage, to: base + to };
}
