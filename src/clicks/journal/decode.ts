import { crc32 } from "node:zlib";
import { encodeTime } from "../../lib/ids.ts";
import {
  type Method,
  methods,
  type Outcome,
  outcomes,
  type Trigger,
  triggers,
} from "../../redirect/visit.ts";
import { FIXED_BYTES, FLAG_OPTED_OUT, RECORD_MARK, RECORD_VERSION } from "./layout.ts";
import { networkText } from "./network.ts";
import type { TextBuffer } from "./page.ts";

/** A visit as the journal kept it. Unknown texts are empty. */
export interface RecordedVisit {
  /** `clk_` + 26 digits; sorts by time. */
  readonly id: string;
  readonly at: number;
  readonly workspaceId: string;
  readonly domainId: string;
  readonly linkId: string;
  readonly linkVersion: number;
  readonly outcome: Outcome;
  readonly trigger: Trigger;
  readonly method: Method;
  readonly optedOut: boolean;
  readonly ruleId: string;
  readonly variantId: string;
  readonly visitor: bigint;
  readonly network: string;
  readonly language: string;
  readonly purpose: string;
  readonly userAgent: string;
  readonly referrer: string;
  readonly query: string;
}

/**
 * The length of the whole, undamaged record at `at`; 0 when there is none. `seed` is `seedAt` of its place in
 * the segment. Never reads beyond `end`.
 */
export function recordLength(bytes: Buffer, at: number, end: number, seed: number): number {
  if (at + FIXED_BYTES > end) return 0;
  const head = bytes.readUInt32LE(at);
  if (head >>> 16 !== RECORD_MARK) return 0;
  const length = (head & 0xffff) * 8;
  if (length < FIXED_BYTES || at + length > end || bytes.readUInt16LE(at + 14) * 8 !== length) return 0;
  return crc32(bytes.subarray(at + 8, at + length), seed) === bytes.readUInt32LE(at + 4) ? length : 0;
}

/**
 * Reads a record that `recordLength` vouched for. Strict: null when its version is not one this program
 * writes, or its parts do not add up. It is then kept aside, not guessed at.
 */
export function decodeRecord(bytes: Buffer, at: number, length: number): RecordedVisit | null {
  const outcome = outcomes[bytes[at + 9]!];
  const trigger = triggers[bytes[at + 10]!];
  const method = methods[bytes[at + 11]!];
  const networkBytes = bytes[at + 13]!;
  if (bytes[at + 8] !== RECORD_VERSION || !outcome || !trigger || !method || bytes[at + 12]! > FLAG_OPTED_OUT)
    return null;
  if (networkBytes !== 0 && networkBytes !== 3 && networkBytes !== 6) return null;

  let next = at + FIXED_BYTES;
  const text = (size: number): string => {
    if (size === 0) return "";
    next += size;
    return next > at + length ? "" : (bytes as TextBuffer).utf8Slice(next - size, next);
  };
  const visit: RecordedVisit = {
    id: clickId(bytes, at + 16),
    at: timeAt(bytes, at + 16),
    workspaceId: text(bytes[at + 56]!),
    domainId: text(bytes[at + 57]!),
    linkId: text(bytes[at + 58]!),
    linkVersion: bytes.readUInt32LE(at + 40),
    outcome,
    trigger,
    method,
    optedOut: bytes[at + 12] === FLAG_OPTED_OUT,
    ruleId: text(bytes[at + 59]!),
    variantId: text(bytes[at + 60]!),
    visitor: bytes.readBigUInt64LE(at + 32),
    network: networkText(bytes, at + 44, networkBytes),
    language: text(bytes[at + 61]!),
    purpose: text(bytes[at + 62]!),
    userAgent: text(bytes.readUInt16LE(at + 50)),
    referrer: text(bytes.readUInt16LE(at + 52)),
    query: text(bytes.readUInt16LE(at + 54)),
  };
  return (next - at + 7) >> 3 === length >> 3 ? visit : null;
}

const timeAt = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 4_294_967_296;

const DIGITS = Buffer.from("0123456789abcdefghjkmnpqrstvwxyz");
/** Room for `clk_` and 26 digits: a text cut from it is flat, unlike one that is put together of pieces. */
const idText = Buffer.alloc(30) as TextBuffer;
const LOW_MS = 2 ** 20;
let lastHigh = -1;

/** Ten digits of time and sixteen of chance. The first six of time stay the same for a quarter of an hour. */
function clickId(bytes: Buffer, at: number): string {
  const ms = timeAt(bytes, at);
  const high = Math.floor(ms / LOW_MS);
  if (high !== lastHigh) {
    lastHigh = high;
    idText.latin1Write(`clk_${encodeTime(ms).slice(0, 6)}`, 0, 10);
  }
  twenty(ms % LOW_MS, 10);
  twenty((bytes[at + 6]! << 12) | (bytes[at + 7]! << 4) | (bytes[at + 8]! >> 4), 14);
  twenty(((bytes[at + 8]! & 15) << 16) | (bytes[at + 9]! << 8) | bytes[at + 10]!, 18);
  twenty((bytes[at + 11]! << 12) | (bytes[at + 12]! << 4) | (bytes[at + 13]! >> 4), 22);
  twenty(((bytes[at + 13]! & 15) << 16) | (bytes[at + 14]! << 8) | bytes[at + 15]!, 26);
  return idText.latin1Slice(0, 30);
}

/** Twenty bits as four digits. */
function twenty(bits: number, to: number): void {
  idText[to] = DIGITS[bits >> 15]!;
  idText[to + 1] = DIGITS[(bits >> 10) & 31]!;
  idText[to + 2] = DIGITS[(bits >> 5) & 31]!;
  idText[to + 3] = DIGITS[bits & 31]!;
}
