import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  compilePattern,
  PATTERN_LENGTH_MAX,
  PROGRAM_LENGTH_MAX,
  TEXT_LENGTH_MAX,
} from "../../../src/redirect/rules/pattern.ts";

function found(source: string, text: string): boolean {
  const pattern = compilePattern(source);
  if (typeof pattern === "string") throw new Error(`${source} ${pattern}`);
  return pattern.found(text.toLowerCase());
}

/** Patterns of everything there is, and texts they may be found in. */
const sign = fc.constantFrom(
  "a",
  "b",
  "A",
  "0",
  "7",
  "_",
  "-",
  ".",
  "\\.",
  "\\d",
  "\\D",
  "\\w",
  "\\W",
  "\\s",
  "\\S",
  "[ab]",
  "[^ab]",
  "[a-f0-9]",
  "[\\d-]",
  "[^\\s_]",
  "[A-Z]",
  "é",
  "[à-ü]",
  "\\/",
  "\\t",
  " ",
);
const edge = fc.constantFrom("^", "$", "\\b", "\\B");
const pattern: fc.Arbitrary<string> = fc.letrec<{ whole: string; row: string; part: string }>((tie) => ({
  whole: fc.oneof(
    { weight: 3, arbitrary: tie("row") },
    fc.array(tie("row"), { minLength: 2, maxLength: 3 }).map((rows) => rows.join("|")),
  ),
  row: fc.array(tie("part"), { maxLength: 4 }).map((parts) => parts.join("")),
  part: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: sign },
    edge,
    fc
      .tuple(sign, fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,}", "*?", "+?"))
      .map((pair) => pair.join("")),
    tie("whole").map((inside) => `(${inside})`),
    fc
      .tuple(tie("whole"), fc.constantFrom("", "*", "+", "?", "{2}", "{0,2}"))
      .map(([inside, times]) => `(?:${inside})${times}`),
  ),
})).whole;
const text = fc.string({ unit: fc.constantFrom(..."abAB07_-. \t/éÀüx\nz"), maxLength: 14 });

test("a pattern is found where JavaScript finds it", () => {
  let hits = 0;
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      fc.pre(source.length <= PATTERN_LENGTH_MAX);
      const wanted = new RegExp(source, "iu").test(given);
      expect([source, given, found(source, given)]).toEqual([source, given, wanted]);
      if (wanted) hits++;
    }),
    { numRuns: 5000 },
  );
  // Or it would be no comparison.
  expect(hits).toBeGreaterThan(500);
});

test.each([
  ["^/promo/\\d{4}$", "/promo/2026", true],
  ["^/promo/\\d{4}$", "/promo/20266", false],
  ["shop|store", "my-STORE", true],
  ["^$", "", true],
  ["😀+", "x😀😀", true],
  ["^.$", "😀", true],
  ["[^a]", "a", false],
  ["a{0}b", "b", true],
  ["(|a)+$", "aaa", true],
])("%s in %s is %p", (source, given, expected) => expect(found(source, given)).toBe(expected));

test.each([
  ["(a+)+$"],
  ["(a|aa)+$"],
  ["^(a|a?)+$"],
  ["(.*a){20}$"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$"],
  ["(x+x+)+y"],
  ["(a?){100}a{100}$"],
])("%s, which would take a backtracking engine for ever, is answered", (source) => {
  // 2^1024 ways for an engine that goes back: whoever gets here has not.
  expect(found(source, `${"a".repeat(TEXT_LENGTH_MAX - 1)}!`)).toBe(false);
});

test("the work is bounded by text times pattern", () => {
  let asked = 0;
  const source = "(a|b|ab)*c";
  const compiled = compilePattern(source) as Exclude<ReturnType<typeof compilePattern>, string>;
  const counting = (length: number): number => {
    asked = 0;
    // What a text is asked for, it is asked for once a place.
    const given = {
      length,
      codePointAt: () => 96 + Math.sign(++asked),
      slice: () => given,
    } as unknown as string;
    compiled.found(given);
    return asked;
  };
  expect([counting(100), counting(200), counting(400)]).toEqual([100, 200, 400]);
});

describe("what cannot be matched in linear time, or is none, is refused with a reason", () => {
  test.each([
    ["(a)\\1", "refers back"],
    ["\\k<x>", "refers back"],
    ["(?=a)", "looks around"],
    ["(?<!a)b", "looks around"],
    ["(?<name>a)", "looks around"],
    ["(?i)a", "looks around"],
    ["(a", "not closed"],
    ["a)", "closes nothing"],
    ["[a", "not closed"],
    ["a]", "closes nothing"],
    ["[z-a]", "ends before it begins"],
    ["[\\d-", "not closed"],
    ["a**", "repeats a repetition"],
    ["*a", "repeats nothing"],
    ["a{2,1}", "from 2 to 1"],
    ["a{999}", "more than 200 times"],
    ["a{x", "counts nothing"],
    ["^*", "takes no character"],
    ["a\\", 'ends with a "\\"'],
    ["\\p{L}", "not known"],
    ["\\x41", "not known"],
    ["(a{200}){200}", "repeats too much"],
    ["((((){200}){200}){200}){200}", "repeats too much"],
    ["(((a*)*)*)*".repeat(20), "longer than 200"],
    ["(".repeat(60) + ")".repeat(60), "more than 50 groups"],
  ])("%s", (source, reason) => expect(compilePattern(source)).toContain(reason));

  test("a program never grows beyond its limit, and takes no time to be refused", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("(a|b){50}", "(?:", ")", "[a-z]{9}", "{3}", "+"), { maxLength: 20 }),
        (parts) => {
          const compiled = compilePattern(parts.join("").slice(0, PATTERN_LENGTH_MAX));
          expect(["string", "object"]).toContain(typeof compiled);
        },
      ),
    );
    expect(PROGRAM_LENGTH_MAX).toBeLessThanOrEqual(500);
  });
});
