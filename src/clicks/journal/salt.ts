import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder, writeAll } from "./segment.ts";
import { SALT_BYTES } from "./visitor.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MAGIC = "WPSALT01";
/** 8 B magic, f64 day since 1970, 16 B salt, u32 CRC-32, 28 zeros. */
const FILE_BYTES = 64;
const SALT_AT = 16;
const CRC_AT = SALT_AT + SALT_BYTES;

/** The random bytes that make visitors of one UTC day comparable, and of two days not. */
export interface DailySalt {
  readonly salt: Uint8Array;
  /** Milliseconds since 1970: the salt serves from `from`, `to` not included. */
  readonly from: number;
  readonly to: number;
}

export const saltPath = (folder: string): string => join(folder, "visitor-salt");

/**
 * A new salt for the day of `now`. It serves from an hour before midnight, so that a clock set back a little
 * does not make everybody a new visitor.
 */
export function drawSalt(now: number): DailySalt {
  return serving(crypto.getRandomValues(new Uint8Array(SALT_BYTES)), Math.floor(now / DAY_MS));
}

const serving = (salt: Uint8Array, day: number): DailySalt => ({
  salt,
  from: day * DAY_MS - HOUR_MS,
  to: (day + 1) * DAY_MS,
});

/** The salt kept in the folder when it is today's, so that a restart does not make everybody new; else null. */
export function readSalt(folder: string, now: number): DailySalt | null {
  if (!existsSync(saltPath(folder))) return null;
  const bytes = readFileSync(saltPath(folder));
  const isWhole =
    bytes.length === FILE_BYTES &&
    bytes.toString("latin1", 0, 8) === MAGIC &&
    crc32(bytes.subarray(0, CRC_AT)) === bytes.readUInt32LE(CRC_AT);
  if (!isWhole) return null;
  const kept = serving(Uint8Array.from(bytes.subarray(SALT_AT, CRC_AT)), bytes.readDoubleLE(8));
  return now >= kept.from && now < kept.to ? kept : null;
}

/**
 * Keeps a salt. The file is overwritten where it lies and synced, never renamed over: the old salt's bytes must
 * be gone, and with them every way from one day's visitors to another's.
 */
export function writeSalt(folder: string, { salt, to }: Pick<DailySalt, "salt" | "to">): void {
  const bytes = Buffer.alloc(FILE_BYTES);
  bytes.write(MAGIC, 0, "latin1");
  bytes.writeDoubleLE(to / DAY_MS - 1, 8);
  bytes.set(salt, SALT_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  const isNew = !existsSync(saltPath(folder));
  const fd = openSync(saltPath(folder), isNew ? "wx+" : "r+", 0o600);
  try {
    writeAll(fd, bytes, 0);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (isNew) syncFolder(folder);
}
