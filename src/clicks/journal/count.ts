import { closeSync, openSync } from "node:fs";
import { RECORD_MARK } from "./layout.ts";
import { readRange } from "./segment.ts";

/** How many records a segment holds between two places; 0 when the file is gone. */
export function countRecords(path: string, from: number, end: number): number {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return 0;
  }
  try {
    const bytes = readRange(fd, from, end);
    let count = 0;
    for (let at = 0; at + 8 <= bytes.length; count++) {
      const head = bytes.readUInt32LE(at);
      if (head >>> 16 !== RECORD_MARK) break;
      at += (head & 0xffff) * 8;
    }
    return count;
  } finally {
    closeSync(fd);
  }
}
