import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isZone, momentsOf, wallClock, weekdays } from "../../../src/redirect/rules/zone.ts";

const clockAt = (iso: string, zone: string): string => {
  const { weekday, minute } = wallClock(Date.parse(iso), zone);
  return `${weekdays[weekday]} ${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
};

describe("the days on which clocks are changed are right", () => {
  test.each([
    // Forward from 02:00 to 03:00, and back from 03:00 to 02:00.
    ["Europe/Berlin", "2026-03-29T00:59:59Z", "sunday 01:59"],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", "sunday 03:00"],
    ["Europe/Berlin", "2026-10-25T00:59:00Z", "sunday 02:59"],
    ["Europe/Berlin", "2026-10-25T01:00:00Z", "sunday 02:00"],
    ["Europe/Berlin", "2026-10-25T22:59:00Z", "sunday 23:59"],
    ["Europe/Berlin", "2026-10-25T23:00:00Z", "monday 00:00"],
    ["America/New_York", "2026-03-08T06:59:00Z", "sunday 01:59"],
    ["America/New_York", "2026-03-08T07:00:00Z", "sunday 03:00"],
    ["America/New_York", "2026-11-01T05:59:00Z", "sunday 01:59"],
    ["America/New_York", "2026-11-01T06:00:00Z", "sunday 01:00"],
    // By half an hour only, and on the other side of the world.
    ["Australia/Lord_Howe", "2026-04-04T14:59:00Z", "sunday 01:59"],
    ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", "sunday 01:30"],
    ["Australia/Lord_Howe", "2026-10-03T15:29:00Z", "sunday 01:59"],
    ["Australia/Lord_Howe", "2026-10-03T15:30:00Z", "sunday 02:30"],
    ["Asia/Kathmandu", "2026-01-01T18:15:00Z", "friday 00:00"],
    ["UTC", "1969-12-31T23:59:59.999Z", "wednesday 23:59"],
  ])("%s at %s shows %s", (zone, iso, expected) => expect(clockAt(iso, zone)).toBe(expected));
});

test("the clock is what the calendar says, in any zone at any time, in whatever order it is asked", () => {
  const zones = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
  ];
  const seconds = fc.integer({ min: Date.parse("1990-01-01") / 1000, max: Date.parse("2040-01-01") / 1000 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), seconds, (zone, second) => {
      const parts = new Intl.DateTimeFormat("en-GB", {
        timeZone: zone,
        weekday: "long",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      }).formatToParts(second * 1000);
      const part = (type: string) => parts.find((one) => one.type === type)!.value;
      expect(clockAt(new Date(second * 1000).toISOString(), zone)).toBe(
        `${part("weekday").toLowerCase()} ${part("hour")}:${part("minute")}`,
      );
    }),
    { numRuns: 500 },
  );
});

test("a day is as long as it is: 23, 24 or 25 hours, and on Lord Howe 23½ and 24½", () => {
  const hours = (day: string, zone: string): number => {
    const { from, next } = momentsOf(day, zone)!;
    return (next - from) / 3_600_000;
  };
  expect(hours("2026-03-29", "Europe/Berlin")).toBe(23);
  expect(hours("2026-10-25", "Europe/Berlin")).toBe(25);
  expect(hours("2026-11-01", "America/New_York")).toBe(25);
  expect(hours("2026-10-04", "Australia/Lord_Howe")).toBe(23.5);
  expect(hours("2026-04-05", "Australia/Lord_Howe")).toBe(24.5);
  expect(hours("2026-06-01", "Europe/Berlin")).toBe(24);
});

test("a time that the clock skips is moved on, and of one that comes twice it is the first", () => {
  const at = (text: string, zone: string) => new Date(momentsOf(text, zone)!.from).toISOString();
  expect(at("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
  expect(at("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  expect(at("2026-12-24T18:00", "America/New_York")).toBe("2026-12-24T23:00:00.000Z");
  expect(at("2026-12-24T18:00+01:00", "America/New_York")).toBe("2026-12-24T17:00:00.000Z");
});

test.each(["2026-02-30", "2026-13-01", "soon", "2026-01-01T25:00", "2026-01-01 10:00", "", "2026-1-1"])(
  "%j is no day and no time",
  (text) => expect(momentsOf(text, "UTC")).toBeNull(),
);

test("zones are known by name, and offsets are none", () => {
  expect(["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"].map(isZone)).toEqual([true, true, true]);
  expect(["Europe/Nowhere", "+02:00", "", "visitor", "../etc/passwd", "x".repeat(100)].map(isZone)).toEqual(
    Array(6).fill(false),
  );
});
