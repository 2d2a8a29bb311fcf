import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeRecord } from "../../src/clicks/journal/decode.ts";
import { HEADER_BYTES, SEGMENT_BYTES } from "../../src/clicks/journal/layout.ts";
import { scan } from "../../src/clicks/journal/scan.ts";
import { decodeHeader, encodeHeader } from "../../src/clicks/journal/segment.ts";
import { INSTALLATION, readLeft, segmentWith, temporaryFolder } from "./support/journal.ts";
import { dice, manyVisits } from "./support/visits.ts";

const folder = temporaryFolder();
const visits = manyVisits(300, { links: 50 });
const original = await segmentWith(folder, visits);
const image = readFileSync(original.path).subarray(0, original.end + 4096);
const ids = readLeft(original.path).clicks.map((click) => click.id);
/** Where each record begins. */
const starts = [HEADER_BYTES, ...original.ends.slice(0, -1)];
const STRIDE = Number(process.env["TEST_STRIDE"] ?? 61);
const FLIPS = Number(process.env["TEST_FLIPS"] ?? 2000);

const path = join(folder, "changed.seg");
/** What a fold makes of a changed segment. */
function changed(bytes: Uint8Array): { ids: string[]; damage: { offset: number; bytes: Buffer }[] } {
  writeFileSync(path, bytes);
  const { clicks, damage } = readLeft(path);
  return { ids: clicks.map((click) => click.id), damage };
}

const { seed } = decodeHeader(image)!;
/** The same for many changes at once: places of whole records, and of damage, without a file. */
function found(bytes: Buffer): { records: number[]; damage: { offset: number; length: number }[] } {
  const records: number[] = [];
  const damage: { offset: number; length: number }[] = [];
  const base = HEADER_BYTES;
  const setAside = (at: number, length: number) => damage.push({ offset: base + at, length });
  scan(
    { bytes: bytes.subarray(base), base, seed, published: false },
    {
      onRecord(at, length) {
        if (decodeRecord(bytes, base + at, length) === null) setAside(at, length);
        else records.push(base + at);
        return true;
      },
      onDamage: setAside,
    },
  );
  return { records, damage };
}

test("every visit is in the segment", () => {
  expect(ids).toHaveLength(visits.length);
  expect(statSync(original.path).size).toBe(SEGMENT_BYTES);
});

describe("a torn tail", () => {
  test("cut at any byte keeps every whole record, and nothing of a part", () => {
    for (let size = original.end; size >= Math.max(HEADER_BYTES, original.end - 65_536); size -= STRIDE) {
      const whole = original.ends.filter((end) => end <= size).length;
      expect(found(image.subarray(0, size))).toEqual({ records: starts.slice(0, whole), damage: [] });
    }
  });

  test("is cut off a file as it is in memory", () => {
    for (const size of [
      original.end - 1,
      starts.at(-1)! + 9,
      starts.at(-1)! + 3,
      HEADER_BYTES + 1,
      HEADER_BYTES,
    ]) {
      const whole = original.ends.filter((end) => end <= size).length;
      expect(changed(image.subarray(0, size))).toEqual({ ids: ids.slice(0, whole), damage: [] });
    }
  });

  test("of a record that was being written when the process was killed is no damage", () => {
    const bytes = Buffer.from(image);
    const last = starts.at(-1)!;
    bytes.writeUInt32LE(0, last);
    expect(changed(bytes)).toEqual({ ids: ids.slice(0, -1), damage: [] });
  });

  test("of zeros, where the disk lost what was not yet synced, costs what was there and nothing else", () => {
    const bytes = Buffer.from(image);
    bytes.fill(0, starts[200]!);
    expect(changed(bytes)).toEqual({ ids: ids.slice(0, 200), damage: [] });
  });

  test("of garbage is never taken for a click", () => {
    const random = dice(5);
    for (let round = 0; round < 20; round++) {
      const bytes = Buffer.from(image);
      for (let at = starts[200]!; at < bytes.length; at++) bytes[at] = random() * 256;
      expect(changed(bytes).ids).toEqual(ids.slice(0, 200));
    }
  });

  test("with records of an older segment in it is never taken for a click", async () => {
    const older = await segmentWith(join(folder, "older"), visits);
    const bytes = Buffer.from(image);
    // The very same places, the very same visits, another segment.
    readFileSync(older.path).copy(bytes, starts[200]!, starts[200]!, original.end);
    expect(changed(bytes).ids).toEqual(ids.slice(0, 200));
  });
});

describe("a damaged record", () => {
  test("is always found out, set aside, and the only one lost", () => {
    const random = dice(9);
    for (let round = 0; round < FLIPS; round++) {
      const bytes = Buffer.from(image);
      const at = HEADER_BYTES + Math.floor(random() * (original.end - HEADER_BYTES));
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      const hit = original.ends.findIndex((end) => at < end);
      const { records, damage } = found(bytes);
      expect(records).toEqual(starts.toSpliced(hit, 1));
      // The last one ends where the zeros begin, its own included.
      const length = original.ends[hit]! - starts[hit]!;
      expect(damage).toEqual([{ offset: starts[hit]!, length: expect.any(Number) }]);
      expect(length - damage[0]!.length).toBeLessThan(hit === ids.length - 1 ? 8 : 1);
    }
  });

  test("in the middle does not hide those behind it, however long the damage", () => {
    const bytes = Buffer.from(image);
    bytes.fill(0, starts[50]!, starts[120]!);
    const result = changed(bytes);
    expect(result.ids).toEqual(ids.toSpliced(50, 70));
    expect(result.damage.map((one) => [one.offset, one.bytes.length])).toEqual([
      [starts[50]!, starts[120]! - starts[50]!],
    ]);
  });

  test("moved to another place of its segment is not counted twice", () => {
    const bytes = Buffer.from(image);
    const length = original.ends[10]! - starts[10]!;
    const room = starts.findIndex((start, i) => i > 10 && original.ends[i]! - start === length);
    bytes.copy(bytes, starts[room]!, starts[10]!, original.ends[10]!);
    expect(changed(bytes).ids).toEqual(ids.toSpliced(room, 1));
  });
});

describe("a header", () => {
  test("with one flipped bit costs no click", () => {
    for (let bit = 0; bit < HEADER_BYTES * 8; bit += 7) {
      const bytes = Buffer.from(image);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(changed(bytes).ids).toEqual(ids);
    }
  });

  test("of another segment does not open these records", () => {
    const bytes = Buffer.from(image);
    encodeHeader(1, INSTALLATION).copy(bytes);
    expect(changed(bytes).ids).toEqual([]);
  });
});
