import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../../src/lib/errors.ts";
import { parseConditions } from "../../../src/redirect/rules/parse.ts";

function refusal(input: unknown): string {
  try {
    parseConditions(input, "/conditions");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.details[0]!.path} ${error.message}`;
  }
  return "taken";
}

const leaf = { field: "country", operator: "equals", value: "DE" };
/** A tree so many levels deep. */
const deep = (levels: number): unknown => (levels === 1 ? leaf : { all: [deep(levels - 1)] });
const wide = (count: number) => ({ any: Array.from({ length: count }, () => leaf) });

test("a tree is eight levels deep and two hundred conditions wide, and no more", () => {
  expect([deep(8), wide(200)].map(refusal)).toEqual(["taken", "taken"]);
  expect(refusal(deep(9))).toStartWith(
    `/conditions${"/all/0".repeat(8)} conditions stand in each other more than 8 deep`,
  );
  expect(refusal(wide(201))).toBe("/conditions there are more than 200 conditions");
  const halves = { all: [wide(100), { not: wide(101) }] };
  expect(refusal(halves)).toBe("/conditions there are more than 200 conditions");
  // A ladder of a million levels is refused before anybody climbs it.
  let ladder: unknown = leaf;
  for (let i = 0; i < 100_000; i++) ladder = { not: ladder };
  expect(refusal(ladder)).toContain("more than 8 deep");
});

test("nothing is always", () => {
  expect([null, undefined, { all: [] }].map((one) => parseConditions(one, ""))).toEqual([
    { all: [] },
    { all: [] },
    { all: [] },
  ]);
});

describe("what is wrong is named by its place", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ["DE", "/conditions a condition is an object"],
    [[], "/conditions a condition is an object"],
    [{}, "/conditions a condition is {all"],
    [{ all: leaf }, "/conditions/all all holds at least one"],
    [{ all: [leaf, { any: [] }] }, "/conditions/all/1/any any holds at least one"],
    [{ all: [leaf], any: [leaf] }, "/conditions/any a condition is"],
    [{ none: [leaf] }, "/conditions/none a condition is"],
    [{ not: [leaf] }, "/conditions/not a condition is an object"],
    [{ all: [null] }, "/conditions/all/0 a condition is an object"],
    [{ ...leaf, more: 1 }, "/conditions/more more is not known here"],
    [{ ...leaf, field: "constructor" }, "/conditions/field there is no field"],
    [{ ...leaf, field: "__proto__" }, "/conditions/field there is no field"],
    [{ ...leaf, field: 7 }, "/conditions/field there is no field"],
    [{ ...leaf, operator: "like" }, "/conditions/operator country takes one of equals"],
    [{ ...leaf, operator: "greater_than" }, "/conditions/operator country takes"],
    [{ ...leaf, operator: undefined }, "/conditions/operator country takes"],
    [{ ...leaf, value: "" }, "/conditions/value value is a text"],
    [{ ...leaf, value: undefined }, "/conditions/value value is a text"],
    [{ ...leaf, value: ["DE"] }, "/conditions/value value is a text"],
    [{ ...leaf, value: "x".repeat(501) }, "/conditions/value value is a text"],
    [{ ...leaf, value: "\ud800" }, "/conditions/value value holds half"],
    [{ ...leaf, operator: "in", value: [] }, "/conditions/value value holds 1 to 200"],
    [{ ...leaf, operator: "in", value: Array(201).fill("x") }, "/conditions/value value holds 1 to 200"],
    [{ ...leaf, operator: "in", value: ["DE", 7, null] }, "/conditions/value/2 value is a text"],
    [{ ...leaf, operator: "is_set", value: "x" }, "/conditions/value is_set takes no value"],
    [{ ...leaf, operator: "matches", value: "(a+)\\1" }, "/conditions/value the pattern refers back"],
    [{ ...leaf, name: "x" }, "/conditions/name country takes no name"],
    [{ ...leaf, timezone: "UTC" }, "/conditions/timezone country takes no timezone"],
    [{ field: "query", operator: "is_set" }, "/conditions/name name is a text"],
    [{ field: "query", operator: "is_set", name: "" }, "/conditions/name name is a text"],
    [{ field: "header", operator: "is_set", name: "a b" }, "/conditions/name name is no name of a header"],
    [{ field: "hour", operator: "equals", value: 24 }, "/conditions/value value is an hour"],
    [
      { field: "hour", operator: "equals", value: 3, timezone: "Mars/Base" },
      "/conditions/timezone timezone is",
    ],
    [
      { field: "date", operator: "equals", value: "2026-01-01", timezone: "visitor" },
      "/conditions/timezone timezone is",
    ],
    [{ field: "date", operator: "equals", value: "2026-02-30" }, "/conditions/value value is not a day"],
    [
      { field: "date", operator: "equals", value: "2026-02-03T10:00" },
      "/conditions/value value is a whole day",
    ],
    [
      { field: "date", operator: "between", value: ["2026-02-03", "2026-02-02"] },
      "/conditions/value/1 to lies before",
    ],
    [{ field: "date", operator: "between", value: "2026-02-03" }, "/conditions/value value is a list of two"],
    [
      { field: "timeOfDay", operator: "between", value: ["9:00", "17:00"] },
      "/conditions/value/0 value is not a time",
    ],
    [
      { field: "dayOfWeek", operator: "in", value: ["monday", "funday"] },
      "/conditions/value/1 value is a weekday",
    ],
    [{ field: "clicks", operator: "greater_than", value: "many" }, "/conditions/value value is a number"],
    [{ field: "clicks", operator: "greater_than", value: -1 }, "/conditions/value value lies between"],
    [{ field: "clicks", operator: "between", value: [5, 3] }, "/conditions/value/1 to lies before from"],
    [{ field: "clicks", operator: "equals", value: Number.NaN }, "/conditions/value value is a number"],
    [
      { field: "percentage", operator: "less_than", value: 101 },
      "/conditions/value value lies between 0 and 100",
    ],
    [{ field: "latitude", operator: "less_than", value: 91 }, "/conditions/value value lies between"],
    [{ field: "ip", operator: "in", value: ["10.0.0.0/33"] }, "/conditions/value/0 value is not an address"],
    [{ field: "ip", operator: "equals", value: "localhost" }, "/conditions/value value is not an address"],
    [
      { field: "osVersion", operator: "greater_than", value: "new" },
      "/conditions/value value is not a version",
    ],
    [
      { field: "language", operator: "equals", value: "german!" },
      "/conditions/value value is not a language",
    ],
    [
      { field: "language", operator: "equals", value: "de", quality: 2 },
      "/conditions/quality quality is a number",
    ],
    [{ field: "bot", operator: "is_true", value: false }, "/conditions/value is_true takes no value"],
    [{ field: "bot", operator: "equals", value: "yes" }, "/conditions/value value is true or false"],
    [
      { field: "linkRate", operator: "less_than", value: 3, window: "week" },
      "/conditions/window window is one of",
    ],
    [{ field: "location", operator: "within", value: "Munich" }, "/conditions/value value is {latitude"],
    [
      { field: "location", operator: "within", value: { latitude: 1, longitude: 2, radiusKm: -1 } },
      "/conditions/value/radiusKm radiusKm is",
    ],
    [
      { field: "location", operator: "within", value: { north: 1, south: 2, west: 0, east: 1 } },
      "/conditions/value/south south lies",
    ],
    [
      { field: "location", operator: "within", value: { north: 1, south: 0, west: 0, east: 1, up: 1 } },
      "/conditions/value/up value is",
    ],
  ];
  test.each(
    cases.map(([input, expected]) => [JSON.stringify(input)?.slice(0, 100), input, expected] as const),
  )("%s", (_, input, expected) => expect(refusal(input)).toStartWith(expected));
});

test("whatever is sent is taken or refused with a place, and what is taken is taken again as it is", () => {
  const word = fc.constantFrom(
    "field",
    "operator",
    "value",
    "all",
    "any",
    "not",
    "name",
    "country",
    "equals",
    "hour",
    "in",
  );
  const anything = fc.letrec<{ one: unknown }>((tie) => ({
    one: fc.oneof(
      { maxDepth: 5 },
      fc.anything({ maxDepth: 1 }),
      word,
      fc.array(tie("one"), { maxLength: 3 }),
      fc.dictionary(word, tie("one"), { maxKeys: 4 }),
    ),
  })).one;
  fc.assert(
    fc.property(anything, (input) => {
      const said = refusal(input);
      if (said !== "taken") return expect(said).toStartWith("/conditions");
      const once = parseConditions(input, "");
      expect(parseConditions(structuredClone(once), "")).toEqual(once);
    }),
    { numRuns: 3000 },
  );
});
