import { describe, expect, test } from "bun:test";
import { fields, operatorsOf } from "../../../src/redirect/rules/fields.ts";
import type { Visitor, VisitorPlace } from "../../../src/redirect/visitor.ts";
import { visitorOf, visitorPorts } from "../visitor.ts";
import { holds } from "./asked.ts";

const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const munich: VisitorPlace = {
  country: "DE",
  region: "BY",
  city: "Munich",
  continent: "EU",
  latitude: 48.137,
  longitude: 11.575,
  timeZone: "Europe/Berlin",
};
const network = {
  asn: 3320,
  isp: "Deutsche Telekom AG",
  datacenter: false,
  vpn: true,
  proxy: null,
  tor: false,
};

/** Sunday, 10 May 2026, 21:30 in Munich. */
const somebody = (headers: Record<string, string> = {}): Visitor =>
  visitorOf(
    {
      at: Date.parse("2026-05-10T19:30:00Z"),
      url: "http://go.test:8080/Summer/Sale?utm_source=News&ref=a&ref=B&empty=",
      query: "utm_source=News&ref=a&ref=B&empty=",
      headers: {
        "user-agent": IPHONE,
        "accept-language": "de-AT, en;q=0.5, fr;q=0.2",
        referer: "https://www.Example.org:8443/path?q=1",
        cookie: "plan=Pro",
        "x-app": "Beta 2",
        ...headers,
      },
      clicks: 41,
      rate: (whose) => (whose === "visitor" ? 3 : 250),
    },
    { ...visitorPorts, locate: () => munich, network: () => network, dailyKey: () => "k".repeat(22) },
  );

/** Field, operator, value, options beside: what holds for somebody, then what does not. */
type Row = readonly [field: string, operator: string, value: unknown, more?: object];
const yes: readonly Row[] = [
  ["country", "equals", "DE"],
  ["country", "equals", "de"],
  ["country", "not_equals", "AT"],
  ["country", "in", ["FR", "DE"]],
  ["country", "not_in", ["FR", "AT"]],
  ["country", "is_set", null],
  ["region", "equals", "BY"],
  ["city", "contains", "unic"],
  ["city", "not_contains", "berlin"],
  ["city", "starts_with", "MUN"],
  ["city", "ends_with", "ich"],
  ["city", "matches", "^m.n(i|y)ch$"],
  ["city", "not_matches", "^x"],
  ["continent", "equals", "EU"],
  ["timezone", "equals", "Europe/Berlin"],
  ["latitude", "between", [48, 49]],
  ["latitude", "greater_than", 48],
  ["longitude", "less_than", 12],
  ["location", "within", { latitude: 48.1, longitude: 11.6, radiusKm: 5 }],
  ["location", "within", { north: 49, south: 47, west: 11, east: 12 }],
  ["location", "not_within", { latitude: 52.5, longitude: 13.4, radiusKm: 400 }],
  // Over the date line, and round the other way.
  ["location", "not_within", { north: 60, south: 0, west: 170, east: -170 }],
  ["location", "within", { north: 60, south: 0, west: 10, east: -170 }],
  ["asn", "equals", 3320],
  ["asn", "in", [1, "3320"]],
  ["isp", "contains", "telekom"],
  ["datacenter", "is_false", null],
  ["vpn", "is_true", null],
  ["vpn", "equals", true],
  ["tor", "not_equals", true],
  ["ip", "equals", "192.0.2.7"],
  ["ip", "in", ["198.51.100.0/24", "192.0.2.0/28"]],
  ["ip", "not_in", ["2001:db8::/32"]],
  ["device", "equals", "mobile"],
  ["brand", "equals", "apple"],
  ["os", "equals", "ios"],
  ["osVersion", "equals", "17"],
  ["osVersion", "equals", "17.4"],
  ["osVersion", "greater_than", "16.9"],
  ["osVersion", "less_than", "17.10"],
  ["osVersion", "equals", "17.4.0"],
  ["osVersion", "less_than", "17.4.1"],
  ["osVersion", "between", ["16", "17"]],
  ["osVersion", "not_in", ["15", "16"]],
  ["browser", "equals", "Safari"],
  ["browserVersion", "less_than", 18],
  ["language", "equals", "de"],
  ["language", "equals", "de-AT"],
  ["language", "in", ["nl", "de"]],
  ["language", "not_equals", "en"],
  ["language", "equals", "en", { quality: 0.5 }],
  ["language", "in", ["fr"], { quality: 0.1 }],
  ["referrer", "contains", "/path?q=1"],
  ["referrerHost", "equals", "example.org"],
  ["utmSource", "equals", "news"],
  ["utmMedium", "is_not_set", null],
  ["utmMedium", "not_equals", "email"],
  ["utmCampaign", "not_contains", "x"],
  ["utmTerm", "not_in", ["x"]],
  ["utmContent", "is_not_set", null],
  ["query", "equals", "b", { name: "ref" }],
  ["query", "is_set", null, { name: "empty" }],
  ["query", "is_not_set", null, { name: "none" }],
  ["query", "not_equals", "c", { name: "ref" }],
  ["header", "starts_with", "beta", { name: "X-App" }],
  ["header", "is_not_set", null, { name: "x-none" }],
  ["cookie", "equals", "pro", { name: "plan" }],
  ["path", "equals", "/summer/sale"],
  ["path", "matches", "^/summer/"],
  ["method", "equals", "GET"],
  ["host", "equals", "go.test"],
  ["date", "equals", "2026-05-10"],
  ["date", "equals", "2026-05-11", { timezone: "Asia/Tokyo" }],
  ["date", "between", ["2026-05-01", "2026-05-10"]],
  ["date", "greater_than", "2026-05-09"],
  ["date", "greater_than", "2026-05-10T21:29", { timezone: "Europe/Berlin" }],
  ["date", "less_than", "2026-05-10T21:31", { timezone: "Europe/Berlin" }],
  ["date", "less_than", "2026-05-10T19:30:01Z"],
  ["dayOfWeek", "equals", "sunday"],
  ["dayOfWeek", "equals", 0],
  ["dayOfWeek", "in", ["Sat", "SUN"]],
  ["dayOfWeek", "equals", "monday", { timezone: "Asia/Tokyo" }],
  ["hour", "equals", 19],
  ["hour", "equals", 21, { timezone: "Europe/Berlin" }],
  ["hour", "equals", 21, { timezone: "visitor" }],
  ["hour", "between", [19, 23]],
  ["hour", "between", [17, 19]],
  ["hour", "between", [17, 3]],
  ["hour", "greater_than", 18],
  ["timeOfDay", "between", ["19:30", "19:31"]],
  ["timeOfDay", "between", ["18:00", "06:00"]],
  ["timeOfDay", "less_than", "19:31"],
  ["newVisitor", "is_true", null],
  ["returning", "is_false", null],
  ["bot", "is_false", null],
  ["crawler", "is_false", null],
  ["preview", "is_false", null],
  ["prefetch", "is_false", null],
  ["clicks", "less_than", 42],
  ["clicks", "equals", 41],
  ["visitorRate", "greater_than", 2, { window: "minute" }],
  ["linkRate", "between", [250, 250]],
  ["percentage", "less_than", 100],
  ["percentage", "not_in", [101 - 1]],
];
const no: readonly Row[] = [
  ["country", "equals", "D"],
  ["country", "is_not_set", null],
  ["city", "matches", "^unich"],
  ["location", "within", { latitude: 52.5, longitude: 13.4, radiusKm: 400 }],
  ["location", "within", { north: 48, south: 47, west: 11, east: 12 }],
  ["ip", "in", ["192.0.2.8/29"]],
  ["osVersion", "greater_than", "17"],
  ["osVersion", "greater_than", "17.4"],
  ["language", "equals", "en"],
  ["language", "equals", "fr", { quality: 0.5 }],
  ["language", "equals", "de-CH"],
  ["utmMedium", "equals", "x"],
  ["utmMedium", "matches", "^$"],
  ["query", "equals", "c", { name: "ref" }],
  ["query", "not_equals", "a", { name: "ref" }],
  ["query", "is_set", null, { name: "none" }],
  ["cookie", "is_set", null, { name: "Plan" }],
  ["date", "equals", "2026-05-11"],
  ["date", "greater_than", "2026-05-10"],
  ["date", "less_than", "2026-05-10"],
  ["date", "between", ["2026-05-11", "2026-05-12"]],
  ["hour", "between", [20, 23]],
  ["hour", "between", [20, 18]],
  ["timeOfDay", "between", ["19:00", "19:30"]],
  ["dayOfWeek", "not_equals", "sunday"],
  ["percentage", "greater_than", 100],
  ["vpn", "is_false", null],
];

const wordsOf = ([field, operator, value, more = {}]: Row) => ({ field, operator, value, ...more });

test.each(yes.map((row) => [JSON.stringify(row), row] as const))("%s holds", (_, row) =>
  expect(holds(wordsOf(row), somebody())).toBe("true"),
);
test.each(no.map((row) => [JSON.stringify(row), row] as const))("%s does not hold", (_, row) =>
  expect(holds(wordsOf(row), somebody())).toBe("false"),
);

test("every field is among them, and every operator of every kind", () => {
  const asked = [...yes, ...no];
  expect(
    Object.keys(fields).filter((name) => !asked.some(([field]) => field === name) && name !== "proxy"),
  ).toEqual([]);
  const pairs = new Set(asked.map(([field, operator]) => `${fields[field]!.kind} ${operator}`));
  const missing = Object.entries(operatorsOf).flatMap(([kind, known]) =>
    known.map((operator) => `${kind} ${operator}`).filter((pair) => !pairs.has(pair)),
  );
  // The same code as for one kind beside them: `texts` is `text`, `number` the rest of `clock` and `version`.
  expect(
    missing.filter((pair) => !/^(texts|version|clock|number|date|address|weekday|language) /.test(pair)),
  ).toEqual([]);
});

test("a condition and its opposite are never both true, nor both false", () => {
  const opposites = [
    ["equals", "not_equals"],
    ["contains", "not_contains"],
    ["in", "not_in"],
    ["matches", "not_matches"],
    ["is_set", "is_not_set"],
    ["is_true", "is_false"],
    ["within", "not_within"],
  ] as const;
  for (const row of [...yes, ...no]) {
    const pair = opposites.find((two) => two.some((one) => one === row[1]));
    if (!pair || (fields[row[0]]!.kind === "flag" && row[1] !== "is_true" && row[1] !== "is_false")) continue;
    const words = pair.map((operator) => holds({ ...wordsOf(row), operator }, somebody()));
    expect([row, words.toSorted()]).toEqual([row, ["false", "true"]]);
  }
});

describe("what nobody can know holds for nobody, whichever way it is asked, and says what it wants", () => {
  const unknown = visitorOf({ headers: {} });
  const rows: readonly Row[] = [
    ["country", "equals", "DE"],
    ["country", "not_equals", "DE"],
    ["country", "is_not_set", null],
    ["latitude", "less_than", 90],
    ["location", "not_within", { latitude: 0, longitude: 0, radiusKm: 1 }],
    ["asn", "not_in", [1]],
    ["isp", "not_contains", "x"],
    ["vpn", "is_false", null],
    ["proxy", "is_true", null],
    ["clicks", "less_than", 10],
    ["linkRate", "less_than", 10],
    ["hour", "between", [0, 23], { timezone: "visitor" }],
  ];
  test.each(rows.map((row) => [JSON.stringify(row), row] as const))("%s", (_, row) => {
    expect(holds(wordsOf(row), unknown)).toBe("unknown");
    expect(holds({ not: wordsOf(row) }, unknown)).toBe("unknown");
  });

  test("an address that the lists know in part is known in part", () => {
    expect(holds({ field: "proxy", operator: "is_false" }, somebody())).toBe("unknown");
  });
});

test("who comes again is known by the cookie alone, and whoever wants none is new", () => {
  const returning = { field: "returning", operator: "is_true" };
  const kept = { cookie: `waypost_visitor=${"x".repeat(22)}` };
  expect(holds(returning, somebody(kept))).toBe("true");
  expect(holds(returning, somebody({ ...kept, "sec-gpc": "1" }))).toBe("false");
  expect(holds(returning, somebody({ ...kept, dnt: "1" }))).toBe("false");
  expect(holds(returning, somebody({ cookie: "waypost_visitor=short" }))).toBe("false");
});

test.each([
  ["Googlebot/2.1 (+http://www.google.com/bot.html)", {}, ["bot", "crawler"]],
  ["Slackbot-LinkExpanding 1.0", {}, ["bot", "preview"]],
  [IPHONE, { "sec-purpose": "prefetch" }, ["bot", "prefetch"]],
  ["UptimeRobot/2.0", {}, ["bot"]],
  ["", {}, ["bot", "crawler"]],
])("%s %j is %j", (agent, headers, expected) => {
  const visitor = somebody({ "user-agent": agent, ...headers });
  const found = ["bot", "crawler", "preview", "prefetch"].filter(
    (field) => holds({ field, operator: "is_true" }, visitor) === "true",
  );
  expect(found).toEqual(expected);
});

test("every other system's word for a field is understood", () => {
  const words = {
    deviceType: "mobile",
    deviceBrand: "Apple",
    referrerDomain: "example.org",
    hostname: "go.test",
  };
  for (const [field, value] of Object.entries(words))
    expect([field, holds({ field, operator: "equals", value }, somebody())]).toEqual([field, "true"]);
});
