import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hostOf, originOf, parseDestination, pathOf, sameHost } from "../../src/lib/url.ts";

describe("parseDestination", () => {
  test.each([
    ["https://example.com", "https://example.com/", "example.com"],
    ["  HTTPS://Example.COM./a b?q=ü#ö\n", "https://example.com./a%20b?q=%C3%BC#%C3%B6", "example.com"],
    ["http://ü.test/€", "http://xn--tda.test/%E2%82%AC", "xn--tda.test"],
    ["https://a.test:8443/x?u=javascript:alert(1)", "https://a.test:8443/x?u=javascript:alert(1)", "a.test"],
    ["https://good.test\\@evil.test", "https://good.test/@evil.test", "good.test"],
    ["http://2130706433/", "http://127.0.0.1/", "127.0.0.1"],
    ["http://[::1]:80/", "http://[::1]/", "[::1]"],
  ])("%j goes out as %j", (typed, href, host) => expect(parseDestination(typed)).toEqual({ href, host }));

  test.each([
    ["", "must begin"],
    ["example.com", "must begin"],
    ["//example.com", "must begin"],
    ["https:example.com", "must begin"],
    ["https:/example.com", "must begin"],
    ["https:\\\\example.com", "must begin"],
    ["https:///example.com", "must begin"],
    ["https：//example.com", "must begin"],
    ["ftp://example.com", "must begin"],
    ["mailto:a@b.c", "must begin"],
    ["https://", "must begin"],
    ["https://exa mple.com", "is not a URL"],
    ["https://a.test:99999/", "is not a URL"],
    ["https://u@a.test/", "user name"],
    ["https://u:p@a.test/", "user name"],
    ["https://a.test/\u0000", "control"],
    ["https://a.test/\r\nX-Evil: 1", "control"],
    ["https://a.test/\ud800", "control"],
    [`https://a.test/${"x".repeat(8192)}`, "longer"],
    [`https://a.test/${"ü".repeat(4000)}`, "when encoded"],
  ])("%j is refused", (typed, why) =>
    expect(parseDestination(typed)).toEqual({ problem: expect.stringContaining(why) }),
  );

  test("no spelling of a scheme that runs or reads is let through", () => {
    const spellings = dangerousSpellings();
    expect(spellings.length).toBeGreaterThan(500);
    for (const text of spellings) {
      const parsed = parseDestination(text);
      expect({ text, refused: "problem" in parsed }).toEqual({ text, refused: true });
    }
  });

  test("whatever is taken is ASCII, is http or https, and is its own canonical form", () => {
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.string({ unit: "binary" }),
        (url, tail) => {
          const parsed = parseDestination(url + tail);
          if ("problem" in parsed) return;
          expect(parsed.href).toMatch(/^https?:\/\/[!-~]+$/);
          expect(parseDestination(parsed.href)).toEqual(parsed);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

function dangerousSpellings(): string[] {
  const schemes = ["javascript", "data", "vbscript", "file", "blob", "view-source", "jar", "about"];
  const fullWidth = (text: string) =>
    text.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0));
  const twists: ((scheme: string) => string)[] = [
    (scheme) => scheme,
    (scheme) => scheme.toUpperCase(),
    (scheme) => scheme.replace(/./g, (letter, i) => (i % 2 ? letter.toUpperCase() : letter)),
    (scheme) => `${scheme.slice(0, 2)}\t${scheme.slice(2)}`,
    (scheme) => `${scheme.slice(0, 3)}\n${scheme.slice(3)}`,
    (scheme) => `${scheme.slice(0, 3)}\r${scheme.slice(3)}`,
    (scheme) => `${scheme.slice(0, 3)}\0${scheme.slice(3)}`,
    (scheme) => `\u0001${scheme}`,
    (scheme) => `\u001f ${scheme}`,
    (scheme) => ` \u00a0\ufeff${scheme}`,
    (scheme) => `\u200b${scheme}`,
    (scheme) => `%${scheme.charCodeAt(0).toString(16)}${scheme.slice(1)}`,
    (scheme) => `&#${scheme.charCodeAt(0)};${scheme.slice(1)}`,
    (scheme) => `\\u00${scheme.charCodeAt(0).toString(16)}${scheme.slice(1)}`,
    fullWidth,
    (scheme) => `\\\\${scheme}`,
    (scheme) => `//${scheme}`,
  ];
  const endings = [":alert(1)", "://alert(1)", ":\\\\x", "\t:x", "%3ax", "：x"];
  return schemes.flatMap((scheme) => twists.flatMap((twist) => endings.map((end) => twist(scheme) + end)));
}

describe("hostOf", () => {
  test.each([
    ["Go.Example.COM", "go.example.com"],
    ["go.example.com.", "go.example.com"],
    ["ü.test", "xn--tda.test"],
    ["ＡＢ．test", "ab.test"],
    ["go", "go"],
    ["_x.example.com", "_x.example.com"],
    ["a.test:80", null],
    ["a.test/x", null],
    ["u@a.test", null],
    ["a..b", null],
    ["-a.test", null],
    [".", null],
    ["", null],
    ["a b", null],
    ["%65xample.com", null],
    ["1.2.3.4", null],
    ["0x7f.1", null],
    ["①②⑦.⓪.⓪.①", null],
    ["[::1]", null],
    ["::1", null],
    ["localhost", null],
    [`${"a".repeat(64)}.test`, null],
    [`${"a.".repeat(130)}test`, null],
  ])("%j is stored as %j", (text, host) => expect(hostOf(text)).toBe(host));

  test("names of this machine are taken only when asked for", () => {
    for (const host of ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
      expect([hostOf(host), hostOf(host, { loopback: true })]).toEqual([null, host]);
    expect(hostOf("10.0.0.1", { loopback: true })).toBeNull();
  });
});

test("a host is the same in any case, with a port, with a trailing dot, and in punycode", () => {
  for (const other of ["A.test", "a.test.", "a.test:8080", "A.TEST.:80"])
    expect(sameHost("a.test", other)).toBe(true);
  expect(sameHost("ü.test", "XN--TDA.test")).toBe(true);
  expect(sameHost("[::1]:80", "[::1]")).toBe(true);
  expect(sameHost("a.test", "b.test")).toBe(false);
  expect(sameHost("", "")).toBe(false);
});

test.each([
  ["https://Go.Example./x", "go.example", "443"],
  ["http://go.example:443/", "go.example", "443"],
  ["http://[::1]", "[::1]", "80"],
])("originOf(%j) is a host without dot, and a port in any case", (href, host, port) =>
  expect(originOf(href)).toEqual({ host, port }),
);

test("the path of a request is what a parser of URLs makes of it", () => {
  for (const typed of [
    "/",
    "/a/b",
    "/a?b=/c#d",
    "/a#b?c",
    "/a/%2e%2e/b",
    "/ä b",
    "/a:b@c//d",
    "?x",
    "#y",
    "",
  ]) {
    const { url } = new Request(`http://user@links.test:8080${typed}`);
    expect(pathOf(url)).toBe(new URL(url).pathname);
  }
});
