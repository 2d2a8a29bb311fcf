import { closeSync, openSync } from "node:fs";
import type { Click } from "./click.ts";
import { decodeRecord, type RecordedVisit } from "./journal/decode.ts";
import { HEADER_BYTES, RECORD_BYTES_MAX, SEGMENT_BYTES } from "./journal/layout.ts";
import { scan } from "./journal/scan.ts";
import { readHeader, readRange } from "./journal/segment.ts";

/** Bytes looked at in one go. */
const WINDOW_BYTES = 5 * 1024 * 1024;

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

/** What there is to read of a segment. */
export interface Span {
  readonly from: number;
  readonly end: number;
  /**
   * All bytes up to `end` are known to be whole records. Otherwise the segment is left from another life and
   * may have a torn tail.
   */
  readonly published: boolean;
}

/** Reads the next clicks of a segment, `clicksMax` at most. */
export function readBatch(
  source: Source,
  span: Span,
  enrich: (visit: RecordedVisit) => Click,
  clicksMax = Number.POSITIVE_INFINITY,
  windowBytes: number = WINDOW_BYTES,
): Batch {
  const base = Math.max(span.from, HEADER_BYTES);
  const isWhole = span.end - base <= windowBytes;
  const bytes = readRange(source.fd, base, isWhole ? span.end : base + windowBytes);
  // Where the window cuts the segment, the last record may be cut too.
  const last = isWhole ? bytes.length : bytes.length - RECORD_BYTES_MAX;
  const clicks: Click[] = [];
  const damage: Damage[] = [];
  const setAside = (at: number, length: number) =>
    damage.push({ offset: base + at, bytes: bytes.subarray(at, at + length) });
  const to = scan(
    { bytes, base, seed: source.seed, published: span.published },
    {
      onRecord(at, length) {
        const visit = decodeRecord(bytes, at, length);
        if (visit === null) setAside(at, length);
        else clicks.push(enrich(visit));
        return clicks.length < clicksMax && at + length <= last;
      },
      onDamage: setAside,
    },
  );
  // Damage up to the edge of the window may end in the middle of a record: only the whole span can tell.
  if (!isWhole && to > last + RECORD_BYTES_MAX - 1)
    return readBatch(source, span, enrich, clicksMax, SEGMENT_BYTES);
  return { clicks, damage, to: base + to };
}
