import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { campaignPairs, climbs, withPath, withQuery } from "../../src/redirect/location.ts";

describe("withQuery", () => {
  test.each([
    ["https://a.test/p", "", "https://a.test/p"],
    ["https://a.test/p", "x=1", "https://a.test/p?x=1"],
    ["https://a.test/p?a=1", "b=2", "https://a.test/p?a=1&b=2"],
    ["https://a.test/p?a=1&b=2", "a=3", "https://a.test/p?b=2&a=3"],
    ["https://a.test/p?a=1&a=2", "a=3&a=4", "https://a.test/p?a=3&a=4"],
    ["https://a.test/p?a=1#top", "b=2", "https://a.test/p?a=1&b=2#top"],
    ["https://a.test/p#top?x=1", "b=2", "https://a.test/p?b=2#top?x=1"],
    ["https://a.test/p?", "b=2", "https://a.test/p?b=2"],
    ["https://a.test/p", "&&b&=&", "https://a.test/p?b&="],
    ["https://a.test/p?utm_source=x", "utm%5Fsource=y", "https://a.test/p?utm%5Fsource=y"],
    ["https://a.test/p?a+b=1", "a%20b=2", "https://a.test/p?a%20b=2"],
    ["https://a.test/p", "v=%26%3D%23", "https://a.test/p?v=%26%3D%23"],
    ["https://a.test/p", "v=%2526", "https://a.test/p?v=%2526"],
    ["https://a.test/p", "v=a b'\"<>ü€😀", "https://a.test/p?v=a%20b%27%22%3C%3E%C3%BC%E2%82%AC%F0%9F%98%80"],
    ["https://a.test/p", "v=%zz%", "https://a.test/p?v=%zz%"],
    ["https://a.test/p", "v=1#@evil.test", "https://a.test/p?v=1"],
    ["https://a.test/", "@evil.test", "https://a.test/?@evil.test"],
    ["https://a.test/", "/../\\evil", "https://a.test/?/../\\evil"],
    ["https://a.test/p", "v=\r\nX-Evil: 1\0", "https://a.test/p?v=%0D%0AX-Evil:%201%00"],
    ["https://a.test/p", "\ud800=1", "https://a.test/p?%EF%BF%BD=1"],
    ["https://a.test/p?__proto__=1", "constructor=2", "https://a.test/p?__proto__=1&constructor=2"],
  ])("%j with %j is %j", (location, query, expected) => expect(withQuery(location, query)).toBe(expected));

  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(..."%&=#?+/\\@:;'\"<>\r\n\t\0 aü€😀"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
    maxLength: 60,
  });
  const destination = fc
    .tuple(fc.webUrl(), nasty, nasty)
    .map(([url, query, fragment]) => URL.parse(`${url}?${query}#${fragment}`)?.href)
    .filter((href) => href !== undefined);

  test("only the query changes, the result is ASCII, and browsers read it as it is written", () => {
    fc.assert(
      fc.property(destination, nasty, (location, query) => {
        const result = withQuery(location, query);
        expect(result).toMatch(/^[!-~]+$/);
        const [before, after] = [new URL(location), new URL(result)];
        expect(after.href).toBe(result);
        expect([after.protocol, after.host, after.pathname, after.hash]).toEqual([
          before.protocol,
          before.host,
          before.pathname,
          before.hash,
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  test("each parameter of the visitor arrives with its value, and replaces those of its name", () => {
    const part = fc.string({ unit: "grapheme", maxLength: 12 });
    const pairs = fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pairs, pairs, (own, given) => {
        const result = new URL(
          withQuery(
            new URL(`https://a.test/p?${new URLSearchParams(own)}`).href,
            String(new URLSearchParams(given)),
          ),
        );
        const names = new Set(given.map(([name]) => name));
        const expected = [...own.filter(([name]) => !names.has(name)), ...given];
        expect([...result.searchParams]).toEqual(
          expected.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe("withPath", () => {
  test.each([
    ["https://a.test/", "/b", "https://a.test/b"],
    ["https://a.test/p", "/b/c", "https://a.test/p/b/c"],
    ["https://a.test/p/", "/b/", "https://a.test/p/b/"],
    ["https://a.test/p?x=/1#/y", "/b", "https://a.test/p/b?x=/1#/y"],
    ["https://a.test/p#?", "/b", "https://a.test/p/b#?"],
    ["https://a.test/p", "//evil.test", "https://a.test/p//evil.test"],
    ["https://a.test/", "/@evil.test", "https://a.test/@evil.test"],
    ["https://a.test/p", '/\\evil ü<>"`{}^', "https://a.test/p/%5Cevil%20%C3%BC%3C%3E%22%60%7B%7D%5E"],
    ["https://a.test/p", "/%2e%2E", "https://a.test/p/%2e%2E"],
  ])("%j with %j is %j", (location, path, expected) => expect(withPath(location, path)).toBe(expected));

  const nasty = fc.string({
    unit: fc.constantFrom(..."%.2eEfF/\\@:;'\"<>[]{}|^`~\r\n\t\0 aü€😀"),
    maxLength: 30,
  });

  test("a path that climbs nowhere stays below the destination, in ASCII, and browsers read it as it is written", () => {
    fc.assert(
      fc.property(fc.webUrl(), nasty, (url, path) => {
        const location = new URL(url).href;
        fc.pre(!climbs(`/${path}`));
        const result = withPath(location, `/${path}`);
        expect(result).toMatch(/^[!-~]+$/);
        const [before, after] = [new URL(location), new URL(result)];
        expect(after.href).toBe(result);
        expect([after.origin, after.search, after.hash]).toEqual([before.origin, before.search, before.hash]);
        expect(after.pathname).toStartWith(before.pathname.replace(/\/$/, ""));
      }),
      { numRuns: 5000 },
    );
  });

  test.each(["/..", "/a/../b", "/.", "/%2e%2E/", "/.%2e", "/a\\..\\b", "/a/%2E"])("%j climbs", (path) =>
    expect(climbs(path)).toBe(true),
  );
  test.each(["/a..b", "/...", "/..a", "/a.", "/%2e%2e%2e", "/"])("%j does not", (path) =>
    expect(climbs(path)).toBe(false),
  );
});

test("campaign parameters and the others are told apart, and lose nothing", () => {
  const query = "a=1&utm_source=x&&utm%5Fterm=%zz&b";
  expect(campaignPairs(query, true)).toBe("utm_source=x&utm%5Fterm=%zz");
  expect(campaignPairs(query, false)).toBe("a=1&&b");
});
