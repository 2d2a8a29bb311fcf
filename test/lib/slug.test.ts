import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  canonicalSlug,
  foldSlug,
  mixesScripts,
  randomSlug,
  reservedPaths,
  slugAlphabet,
  slugOf,
  slugPath,
  slugProblem,
} from "../../src/lib/slug.ts";

describe("slugOf", () => {
  test.each([
    ["/", ""],
    ["", ""],
    ["/abc", "abc"],
    ["/abc/", "abc"],
    ["/abc//", "abc/"],
    ["/a/b", "a/b"],
    ["/a%2Fb", "a/b"],
    ["/a%2f", "a"],
    ["/%252f", "%2f"],
    ["/a+b", "a+b"],
    ["/a%20b", "a b"],
    ["/a;b", "a;b"],
    ["/%C3%BC", "ü"],
    ["/ü", "ü"],
    ["/u%CC%88", "ü"],
    ["/%F0%9F%98%80", "😀"],
    ["/%00", null],
    ["/%0d%0aX:1", null],
    ["/a%7F", null],
    ["/a\u0085", null],
    ["/%", null],
    ["/%zz", null],
    ["/%C0%AF", null],
    ["/%ED%A0%80", null],
    ["/%FF", null],
    ["/\ud800", null],
  ])("%j is %j", (path, slug) => expect(slugOf(path)).toBe(slug));

  test("a path is decoded once and only once, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const slug = slugOf(`/${text}`);
        if (slug !== null) expect(slug).toBe(canonicalSlug(slug));
      }),
      { numRuns: 2000 },
    );
  });

  test("what a short URL is built of leads back to its slug", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
        const slug = canonicalSlug(text);
        if (slugProblem(slug) !== null) return;
        expect(slugPath(slug)).toMatch(/^\/[!-~]+$/);
        expect(slugOf(slugPath(slug))).toBe(slug);
        expect(slugOf(new URL(slugPath(slug), "https://a.test").pathname)).toBe(slug);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("foldSlug", () => {
  test.each([
    ["AbC", false, "abc"],
    ["AbC", true, "AbC"],
    ["ÜBER", false, "über"],
    ["ΟΔΟΣ", false, "οδοσ"],
    ["οδος", false, "οδοσ"],
    ["❤️", false, "❤"],
    ["❤️", true, "❤"],
  ])("%j (case-sensitive: %p) has the key %j", (slug, sensitive, key) =>
    expect(foldSlug(slug, sensitive)).toBe(key),
  );

  test("a key is its own key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.boolean(), (slug, sensitive) => {
        const key = foldSlug(canonicalSlug(slug), sensitive);
        expect(foldSlug(key, sensitive)).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("slugProblem", () => {
  test.each([
    "a",
    "a-b_c.d~e",
    "a/b/c",
    "über",
    "привет",
    "日本",
    "😀",
    "❤️",
    "👨‍👩‍👧",
    "👍🏽",
    "apiary",
    "a+b",
    "x".repeat(190),
  ])("%j may be chosen", (slug) => expect(slugProblem(slug)).toBeNull());

  test.each([
    ["", "empty"],
    ["x".repeat(191), "190"],
    ["/a", "slash"],
    ["a/", "slash"],
    ["a//b", "slash"],
    [".", "browsers"],
    ["a/../b", "browsers"],
    ["a?b", '"?"'],
    ["a#b", '"#"'],
    ["a%b", '"%"'],
    ["a\\b", '"\\"'],
    ["a b", "U+0020"],
    ["a\u00a0b", "U+00A0"],
    ["a\tb", "U+0009"],
    ["a\u200bb", "U+200B"],
    ["a\u200db", "U+200D"],
    ["a\ufe0f", "U+FE0F"],
    ["a\u202eb", "U+202E"],
    ["a\u2066b", "U+2066"],
    ["a\u00adb", "U+00AD"],
    ["a\u3164", "U+3164"],
    ["\u2800", "U+2800"],
    ["a\ufeff", "U+FEFF"],
    ["\u0301a", "combining"],
    ["a\ud800", "surrogate"],
    ["api", "reserved"],
    ["API/v1", "reserved"],
    [".Well-Known/x", "reserved"],
    ["robots.txt", "reserved"],
  ])("%j is refused: %s", (slug, why) => expect(slugProblem(slug)).toContain(why));

  test("every reserved path is refused as a slug, whatever follows it", () => {
    for (const path of Object.keys(reservedPaths)) {
      expect(slugProblem(path)).toContain("reserved");
      expect(slugProblem(`${path.toUpperCase()}/more`)).toContain("reserved");
    }
  });

  test("names of object properties are ordinary slugs", () => {
    for (const slug of ["constructor", "__proto__", "toString"]) expect(slugProblem(slug)).toBeNull();
  });
});

describe("randomSlug", () => {
  test("every letter is equally likely", () => {
    const counts = new Map<string, number>();
    for (const letter of randomSlug(310_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect([...counts.keys()].sort().join("")).toBe(slugAlphabet);
    let chiSquare = 0;
    for (const count of counts.values()) chiSquare += (count - 10_000) ** 2 / 10_000;
    // 30 degrees of freedom: 73 is passed by chance once in 50,000 runs.
    expect(chiSquare).toBeLessThan(73);
  });

  test("it has the length asked for and may be chosen", () => {
    for (const length of [4, 8, 64]) {
      const slug = randomSlug(length);
      expect(slug).toHaveLength(length);
      expect(slugProblem(slug)).toBeNull();
    }
  });
});

test("letters of scripts that look alike are noticed", () => {
  expect(mixesScripts("pаypal")).toBe(true);
  expect(mixesScripts("paypal-日本")).toBe(false);
});
