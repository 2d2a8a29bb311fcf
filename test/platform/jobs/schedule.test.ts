import { expect, test } from "bun:test";
import { isId } from "../../../src/lib/ids.ts";
import { nextSlot, type Schedule, slotId } from "../../../src/platform/jobs/schedule.ts";

const slots = (schedule: Schedule, from: string, count: number): string[] => {
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = nextSlot(schedule, at);
    found.push(new Date(at).toISOString());
  }
  return found;
};

test("slots of a length are the same for every process, whenever it started", () => {
  const hourly = { everyMs: 3_600_000 };
  expect(slots(hourly, "2026-03-10T12:00:00.001Z", 2)).toEqual([
    "2026-03-10T13:00:00.000Z",
    "2026-03-10T14:00:00.000Z",
  ]);
  expect(nextSlot(hourly, Date.parse("2026-03-10T13:00:00Z"))).toBe(Date.parse("2026-03-10T14:00:00Z"));
});

test("a time of day keeps to the wall clock of its zone when the clock changes, once a day", () => {
  const nightly = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };
  // 2026-03-29 has no 02:30 in Berlin; 2026-10-25 has two.
  const spring = slots(nightly, "2026-03-27T12:00:00Z", 4);
  expect(new Set(spring.map((at) => at.slice(0, 10))).size).toBe(4);
  expect(spring[0]).toBe("2026-03-28T01:30:00.000Z");
  expect(spring[2]).toBe("2026-03-30T00:30:00.000Z");
  const autumn = slots(nightly, "2026-10-23T12:00:00Z", 4);
  expect(new Set(autumn.map((at) => at.slice(0, 10))).size).toBe(4);
  expect(autumn[2]).toBe("2026-10-26T01:30:00.000Z");
});

test("a month without its day is passed over", () => {
  expect(slots({ cron: "0 0 31 * *", timeZone: "UTC" }, "2026-01-31T00:00:00Z", 2)).toEqual([
    "2026-03-31T00:00:00.000Z",
    "2026-05-31T00:00:00.000Z",
  ]);
});

test("a slot has one id in every process, and no two slots share one", () => {
  const at = Date.parse("2026-03-10T13:00:00Z");
  expect(slotId("a.b", at)).toBe(slotId("a.b", at));
  expect(isId("job", slotId("a.b", at))).toBe(true);
  expect(new Set([slotId("a.b", at), slotId("a.c", at), slotId("a.b", at + 1)]).size).toBe(3);
});
