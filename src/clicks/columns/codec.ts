import { crc32 } from "node:zlib";

/** Bytes of ours that are not what they were written as. */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
}

/** Checksum and kind, and as many zeros as let an array of words begin behind them. */
const HEAD_BYTES = 8;
const RAW = 0;
const ZSTD = 1;
const LEVEL = 1;
/** Less is not worth a frame. */
const PACKED_MIN = 48;

/** Bytes with a checksum in front, compressed where that helps. */
export function pack(bytes: Uint8Array): Uint8Array {
  const small = bytes.length < PACKED_MIN ? null : Bun.zstdCompressSync(bytes, { level: LEVEL });
  // What is all chance, such as visitors, is read faster as it is.
  const packs = small !== null && small.length < bytes.length * 0.95;
  const body = packs ? small : bytes;
  const packed = new Uint8Array(HEAD_BYTES + body.length);
  packed[4] = packs ? ZSTD : RAW;
  packed.set(body, HEAD_BYTES);
  new DataView(packed.buffer).setUint32(0, crc32(packed.subarray(4)), true);
  return packed;
}

/**
 * Bytes over which any array of numbers may be laid.
 * @throws DamagedError
 */
export function unpack(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  if (packed.length < HEAD_BYTES || checksumOf(packed) !== crc32(packed.subarray(4)))
    throw new DamagedError("a checksum does not match");
  const body = packed.subarray(HEAD_BYTES);
  if (packed[4] === RAW) return body.byteOffset % 8 === 0 ? (body as Uint8Array<ArrayBuffer>) : body.slice();
  const { buffer, byteOffset, length } = Bun.zstdDecompressSync(body);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}

const checksumOf = ({ buffer, byteOffset }: Uint8Array): number =>
  new DataView(buffer, byteOffset).getUint32(0, true);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Words, byte by byte: all lowest bytes, then all second ones …, so that those which hardly change lie together. */
function planes(words: Uint32Array): Uint8Array {
  const count = words.length;
  const bytes = new Uint8Array(4 * count);
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    bytes[i] = word;
    bytes[count + i] = word >>> 8;
    bytes[2 * count + i] = word >>> 16;
    bytes[3 * count + i] = word >>> 24;
  }
  return bytes;
}

function fromPlanes(bytes: Uint8Array): Uint32Array {
  const count = bytes.length >>> 2;
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++)
    words[i] =
      bytes[i]! | (bytes[count + i]! << 8) | (bytes[2 * count + i]! << 16) | (bytes[3 * count + i]! << 24);
  return words;
}

/** Ascending numbers, by their distances. */
export function packAscending(values: Uint32Array): Uint8Array {
  const gaps = new Uint32Array(values.length);
  for (let i = 0, before = 0; i < values.length; i++) {
    gaps[i] = values[i]! - before;
    before = values[i]!;
  }
  return pack(planes(gaps));
}

export function unpackAscending(packed: Uint8Array): Uint32Array {
  const values = fromPlanes(unpack(packed));
  for (let i = 1; i < values.length; i++) values[i]! += values[i - 1]!;
  return values;
}

/** Places in a dictionary of so many entries: nothing, a byte, or two for each click. */
export function packPlaces(places: Uint16Array, entries: number): Uint8Array {
  if (entries <= 1) return new Uint8Array();
  return pack(entries <= 256 ? new Uint8Array(places) : bytesOf(places));
}

export function unpackPlaces(packed: Uint8Array, entries: number, count: number): Uint16Array {
  if (entries <= 1) return new Uint16Array(count);
  const bytes = unpack(packed);
  const places =
    entries <= 256
      ? new Uint16Array(bytes)
      : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  return checked(places, count);
}

/** Times as distances from the first, or as they are where they lie more than 49 days apart. */
export function packTimes(at: Float64Array, { first, last }: { first: number; last: number }): Uint8Array {
  if (last - first > 0xffff_ffff) return pack(bytesOf(at));
  const offsets = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i++) offsets[i] = at[i]! - first;
  return pack(planes(offsets));
}

export function unpackTimes(packed: Uint8Array, first: number, count: number): Float64Array {
  const bytes = unpack(packed);
  if (bytes.length === 8 * count) return new Float64Array(bytes.buffer, bytes.byteOffset, count);
  const offsets = checked(fromPlanes(bytes), count);
  const at = new Float64Array(count);
  for (let i = 0; i < count; i++) at[i] = first + offsets[i]!;
  return at;
}

export const packWords = (words: Uint32Array | Int32Array): Uint8Array => pack(bytesOf(words));

export function unpackWords(packed: Uint8Array, count: number): Uint32Array {
  const bytes = unpack(packed);
  return checked(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2), count);
}

function checked<Values extends Uint16Array | Uint32Array>(values: Values, count: number): Values {
  if (values.length !== count) throw new DamagedError(`${values.length} values for ${count} clicks`);
  return values;
}
