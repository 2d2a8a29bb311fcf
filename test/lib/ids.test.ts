import { expect, test } from "bun:test";
import { isId, newId } from "../../src/lib/ids.ts";

const NOW = Date.parse("2026-03-10T12:00:00Z");

test("ids of one process ascend and are unique, within a millisecond and when the clock steps back", () => {
  const moments = [
    NOW,
    NOW,
    NOW,
    NOW + 1,
    NOW - 3_600_000,
    NOW - 1,
    NOW + 86_400_000,
    NOW,
    Date.parse("2038-01-19T03:14:08Z"),
  ];
  const ids = moments.flatMap((at) => Array.from({ length: 2000 }, () => newId("link", at)));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual([...ids].sort());
});

test("an id is its prefix, ten digits of time and sixteen of chance", () => {
  const id = newId("evt", Date.parse("2040-01-01T00:00:00Z"));
  expect(id).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
  expect(isId("evt", id)).toBe(true);
  expect(isId("link", id)).toBe(false);
  for (const wrong of ["", "evt_", id.slice(1), `${id}0`, id.replace(/.$/, "u"), id.toUpperCase()])
    expect(isId("evt", wrong)).toBe(false);
});
