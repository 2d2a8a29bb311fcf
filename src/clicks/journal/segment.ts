import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { HEADER_BYTES, HEADER_COPY_BYTES, SEGMENT_BYTES, SEGMENT_VERSION } from "./layout.ts";

const MAGIC = "WAYPOSTJ";
/**
 * Small, because the system keeps a file in memory in pieces of the size it was written in, and looks through a
 * whole piece whenever a store touches a clean part of it: with a megabyte, every fault and sync cost twice as much.
 */
const CHUNK_BYTES = 64 * 1024;
const CHUNKS_A_BREATH = 8;
const FILE_MODE = 0o600;

/** Header of a segment: 8 B magic, u32 version, u32 number, 16 B installation, 16 B chance, 12 zeros, u32 CRC-32. */
export interface SegmentHeader {
  readonly version: number;
  readonly number: number;
  /** `installationMark` of the installation that wrote it. */
  readonly installation: string;
  /** What the CRCs of its records start from. */
  readonly seed: number;
}

export const segmentName = (number: number): string => `${String(number).padStart(10, "0")}.seg`;

/** The number a file name stands for, or null when it is not the name of a segment. */
export const segmentNumber = (name: string): number | null =>
  /^\d{10}\.seg$/.test(name) && Number(name.slice(0, 10)) > 0 ? Number(name.slice(0, 10)) : null;

/** A segment that was being made when the process ended: zeros, and nobody's clicks. */
export const isUnfinished = (name: string): boolean => /^\d{10}\.new$/.test(name);

/** Sixteen bytes that stand for an installation, in hex. */
export const installationMark = (installationId: string): string =>
  new Bun.CryptoHasher("sha256").update(installationId).digest("hex").slice(0, 32);

export function encodeHeader(number: number, installation: string): Buffer {
  const copy = Buffer.alloc(HEADER_COPY_BYTES);
  copy.write(MAGIC, 0, "latin1");
  copy.writeUInt32LE(SEGMENT_VERSION, 8);
  copy.writeUInt32LE(number, 12);
  copy.write(installation, 16, "hex");
  crypto.getRandomValues(copy.subarray(32, 48));
  copy.writeUInt32LE(crc32(copy.subarray(0, 60)), 60);
  // Twice: one flipped bit must not cost the clicks of a whole segment.
  return Buffer.concat([copy, copy]);
}

/** Reads whichever copy of the header is whole; null when neither is. */
export function decodeHeader(bytes: Buffer): SegmentHeader | null {
  for (const at of [0, HEADER_COPY_BYTES]) {
    const copy = bytes.subarray(at, at + HEADER_COPY_BYTES);
    if (copy.length < HEADER_COPY_BYTES || copy.toString("latin1", 0, 8) !== MAGIC) continue;
    if (crc32(copy.subarray(0, 60)) !== copy.readUInt32LE(60)) continue;
    return {
      version: copy.readUInt32LE(8),
      number: copy.readUInt32LE(12),
      installation: copy.toString("hex", 16, 32),
      seed: copy.readUInt32LE(60),
    };
  }
  return null;
}

/**
 * Makes an empty segment: written full of zeros, so that its blocks are its own and a mapped store can never
 * meet a full disk, synced, named, and its name synced. `pause` is awaited between chunks, so that whoever
 * makes it can do something more urgent.
 * @throws the system's error, ENOSPC above all; nothing is left behind then
 */
export async function makeSegment(
  folder: string,
  number: number,
  installation: string,
  pause: () => Promise<void>,
): Promise<{ path: string; fd: number; seed: number }> {
  const path = join(folder, segmentName(number));
  const unfinished = `${path.slice(0, -4)}.new`;
  const header = encodeHeader(number, installation);
  let fd: number | null = null;
  try {
    fd = openSync(unfinished, "wx", FILE_MODE);
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let at = 0; at < SEGMENT_BYTES; at += CHUNK_BYTES) {
      writeAll(fd, chunk, at);
      if (at % (CHUNKS_A_BREATH * CHUNK_BYTES) === 0) await pause();
    }
    writeAll(fd, header, 0);
    fdatasyncSync(fd);
    closeSync(fd);
    fd = null;
    renameSync(unfinished, path);
    syncFolder(folder);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    rmSync(unfinished, { force: true });
    throw error;
  }
  return { path, fd: openSync(path, "r+"), seed: decodeHeader(header)!.seed };
}

/** Writes all of `bytes`, however the system divides it: a nearly full disk takes a part and says so only by its count. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}

/** Makes names made, changed or removed in a folder survive a power cut. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file from `from` up to `to`, fewer when it ends before. */
export function readRange(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, from + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

export function readHeader(fd: number): SegmentHeader | null {
  return decodeHeader(readRange(fd, 0, HEADER_BYTES));
}
