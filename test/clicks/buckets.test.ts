import { describe, expect, test } from "bun:test";
import { bucketStarts } from "../../src/clicks/buckets.ts";
import type { Granularity } from "../../src/clicks/store.ts";

const HOUR_MS = 3_600_000;
const utc = (text: string): number => Date.parse(text);
const starts = (granularity: Granularity, timezone: string, from: string, to: string, limit = 1000) =>
  bucketStarts(granularity, timezone, utc(from), utc(to), limit).map((start) =>
    new Date(start).toISOString().slice(0, 16),
  );
/** Hours in each bucket. */
const lengths = (granularity: Granularity, timezone: string, from: string, to: string) => {
  const list = bucketStarts(granularity, timezone, utc(from), utc(to), 1000);
  return list.slice(1).map((start, i) => (start - list[i]!) / HOUR_MS);
};

describe("buckets of local time", () => {
  test("begin at local midnight, and a day with a change of the clock has 23 or 25 hours", () => {
    expect(starts("day", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T12:00Z")).toEqual([
      "2026-03-27T23:00",
      "2026-03-28T23:00",
      "2026-03-29T22:00",
    ]);
    expect(lengths("day", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-31T12:00Z")).toEqual([24, 23, 24]);
    expect(lengths("day", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-27T12:00Z")).toEqual([24, 25, 24]);
  });

  test("of an hour that comes twice are two, of one that never comes none", () => {
    const [autumn, spring] = [
      starts("hour", "Europe/Berlin", "2026-10-24T23:00Z", "2026-10-25T03:00Z"),
      starts("hour", "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T03:00Z"),
    ];
    expect(autumn).toEqual(["2026-10-24T23:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]);
    expect(spring).toEqual(["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"]);
  });

  test("begin at a quarter past where the zone does", () => {
    expect(starts("hour", "Asia/Kathmandu", "2026-05-01T13:00Z", "2026-05-01T15:00Z")).toEqual([
      "2026-05-01T12:15",
      "2026-05-01T13:15",
      "2026-05-01T14:15",
    ]);
    expect(starts("day", "Asia/Kathmandu", "2026-05-01T18:14Z", "2026-05-01T18:16Z")).toEqual([
      "2026-04-30T18:15",
      "2026-05-01T18:15",
    ]);
  });

  test("are months where February is short and the clock changes in March", () => {
    expect(starts("month", "America/St_Johns", "2026-02-28T13:00Z", "2026-05-03T15:00Z")).toEqual([
      "2026-02-01T03:30",
      "2026-03-01T03:30",
      "2026-04-01T02:30",
      "2026-05-01T02:30",
    ]);
  });

  test("begin late where midnight itself is skipped", () => {
    expect(starts("day", "America/Santiago", "2026-09-05T12:00Z", "2026-09-07T12:00Z")).toEqual([
      "2026-09-05T04:00",
      "2026-09-06T04:00",
      "2026-09-07T03:00",
    ]);
  });

  test("go on in order where the clock changes by half an hour", () => {
    for (const [from, to] of [
      ["2026-04-04T12:00Z", "2026-04-04T20:00Z"],
      ["2026-10-03T12:00Z", "2026-10-03T20:00Z"],
    ] as const)
      for (const length of lengths("hour", "Australia/Lord_Howe", from, to))
        expect([1, 1.5]).toContain(length);
  });

  test("cover the whole range in every zone: no gap, no overlap, none empty", () => {
    for (const timezone of ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"])
      for (const granularity of ["hour", "day", "month"] as const) {
        const from = utc("2026-03-20T10:37Z");
        const to = utc("2026-04-10T01:02Z");
        const list = bucketStarts(granularity, timezone, from, to, 10_000);
        expect(list[0]!).toBeLessThanOrEqual(from);
        expect(list.at(-1)!).toBeLessThan(to);
        expect(list).toEqual([...new Set(list)].sort((a, b) => a - b));
        expect(list.filter((start) => start <= from)).toHaveLength(1);
      }
  });

  test("are no more than asked for, and none for a range that is empty", () => {
    expect(starts("hour", "UTC", "2026-01-01T00:00Z", "2027-01-01T00:00Z", 5)).toHaveLength(5);
    expect(starts("hour", "UTC", "2026-01-01T00:00Z", "2026-01-01T00:00Z")).toEqual([]);
  });

  test("of an unknown zone are refused", () => {
    expect(() => starts("day", "Mars/Olympus", "2026-01-01T00:00Z", "2026-01-02T00:00Z")).toThrow(RangeError);
  });
});
