import fc from "fast-check";
import type { OracleVisitor } from "./rule-oracle.ts";

/** Browsers and programs, with what a person reads out of their names. */
const agents: readonly (readonly [userAgent: string, read: OracleVisitor["agent"]])[] = [
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    {
      device: "mobile",
      brand: "Apple",
      os: "iOS",
      osVersion: "17.4",
      browser: "Safari",
      browserVersion: "17.4",
      kind: "human",
    },
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    {
      device: "desktop",
      brand: "",
      os: "Windows",
      osVersion: "10",
      browser: "Chrome",
      browserVersion: "126",
      kind: "human",
    },
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    {
      device: "desktop",
      brand: "",
      os: "Linux",
      osVersion: "",
      browser: "Firefox",
      browserVersion: "127",
      kind: "human",
    },
  ],
  [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    {
      device: "",
      brand: "Google",
      os: "",
      osVersion: "",
      browser: "Googlebot",
      browserVersion: "2.1",
      kind: "bot",
    },
  ],
  [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    {
      device: "",
      brand: "Slack",
      os: "",
      osVersion: "",
      browser: "SlackBot",
      browserVersion: "1",
      kind: "preview",
    },
  ],
];

/** Addresses of documentation, and where they would be. */
export const places: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  "192.0.2.1": {
    country: "DE",
    region: "BY",
    city: "Munich",
    continent: "EU",
    latitude: 48.137,
    longitude: 11.575,
    timezone: "Europe/Berlin",
  },
  "192.0.2.77": {
    country: "US",
    region: "NY",
    city: "New York",
    continent: "NA",
    latitude: 40.713,
    longitude: -74.006,
    timezone: "America/New_York",
  },
  "198.51.100.9": {
    country: "AU",
    region: "NSW",
    city: "Lord Howe Island",
    continent: "OC",
    latitude: -31.555,
    longitude: 159.082,
    timezone: "Australia/Lord_Howe",
  },
};
export const networks: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
  "192.0.2.1": {
    asn: 3320,
    isp: "Deutsche Telekom AG",
    datacenter: false,
    vpn: false,
    proxy: false,
    tor: false,
  },
  "203.0.113.5": { asn: 16509, isp: "Amazon.com", datacenter: true, vpn: true, proxy: false, tor: false },
};
const addresses = [...Object.keys(places), "203.0.113.5"];

const one = <T>(...all: readonly T[]) => fc.constantFrom(...all);
const some = <T>(...all: readonly T[]) => fc.uniqueArray(one(...all), { minLength: 1, maxLength: 3 });

const textOperators = (values: readonly string[]) =>
  fc.oneof(
    fc.record({
      operator: one("equals", "not_equals", "contains", "not_contains", "starts_with", "ends_with"),
      value: one(...values),
    }),
    fc.record({ operator: one("in", "not_in"), value: some(...values) }),
    fc.record({
      operator: one("matches", "not_matches"),
      value: one("^.{3,6}$", "(a|e)+", "^[a-m]", "o.*e$", "\\d", "^(de|us)$", "(a+)+$"),
    }),
    fc.record({ operator: one("is_set", "is_not_set") }),
  );
const numberOperators = (...values: number[]) =>
  fc.oneof(
    fc.record({ operator: one("equals", "not_equals", "greater_than", "less_than"), value: one(...values) }),
    fc.record({ operator: one("in", "not_in"), value: some(...values) }),
    fc
      .tuple(one(...values), one(...values))
      .map(([a, b]) => ({ operator: "between", value: [Math.min(a, b), Math.max(a, b)] })),
  );
const of = (field: string, condition: fc.Arbitrary<object>, more: fc.Arbitrary<object> = fc.constant({})) =>
  fc.tuple(condition, more).map(([rest, beside]) => ({ field, ...rest, ...beside }));
const flag = (field: string) => of(field, fc.record({ operator: one("is_true", "is_false") }));
const zone = fc
  .option(one("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"), { nil: null })
  .map((timezone) => (timezone ? { timezone } : {}));
const versions = (values: readonly string[]) =>
  fc.oneof(
    fc.record({ operator: one("equals", "not_equals", "greater_than", "less_than"), value: one(...values) }),
    fc.record({ operator: one("in", "not_in"), value: some(...values) }),
    fc.constant({ operator: "between", value: [values[0]!, values.at(-1)!] }),
  );
const days = ["2026-03-28", "2026-03-29", "2026-04-05", "2026-10-25", "2026-11-01"] as const;

export const leaf: fc.Arbitrary<object> = fc.oneof(
  of("country", textOperators(["DE", "us", "FR", "AU"])),
  of("region", textOperators(["BY", "NY"])),
  of("city", textOperators(["Munich", "new york", "Howe"])),
  of("continent", textOperators(["EU", "NA"])),
  of("timezone", textOperators(["Europe/Berlin", "America"])),
  of("latitude", numberOperators(-40, 0, 45, 50)),
  of("longitude", numberOperators(-100, 0, 100)),
  of(
    "location",
    fc.record({
      operator: one("within", "not_within"),
      value: one<object>(
        { latitude: 48, longitude: 11, radiusKm: 100 },
        { latitude: 0, longitude: 0, radiusKm: 8000 },
        { north: 60, south: 30, west: -80, east: 20 },
        { north: 0, south: -60, west: 150, east: -150 },
      ),
    }),
  ),
  of("asn", numberOperators(3320, 16509, 5)),
  of("isp", textOperators(["Telekom", "amazon.com"])),
  flag("datacenter"),
  flag("vpn"),
  of(
    "ip",
    fc.oneof(
      fc.record({ operator: one("equals", "not_equals"), value: one("192.0.2.1", "192.0.2.64/26") }),
      fc.record({
        operator: one("in", "not_in"),
        value: some("192.0.2.0/24", "198.51.100.9", "203.0.113.0/28"),
      }),
    ),
  ),
  of("device", textOperators(["mobile", "desktop"])),
  of("brand", textOperators(["Apple"])),
  of("os", textOperators(["iOS", "Windows", "linux"])),
  of("osVersion", versions(["10", "17", "17.4"])),
  of("browser", textOperators(["Safari", "Chrome", "fire"])),
  of("browserVersion", versions(["2", "17.4", "126", "127.0"])),
  of(
    "language",
    fc.oneof(
      fc.record({ operator: one("equals", "not_equals"), value: one("de", "en", "en-US", "fr") }),
      fc.record({ operator: one("in", "not_in"), value: some("de", "pt-BR", "fr") }),
    ),
    one<object>({}, {}, { quality: 0 }, { quality: 0.5 }),
  ),
  of("referrer", textOperators(["https://t.co/x", "google", "example.org/path"])),
  of("referrerHost", textOperators(["t.co", "google.com", "news.example.org"])),
  of("utmSource", textOperators(["news", "Mail", "a b"])),
  of("utmMedium", textOperators(["email"])),
  of("query", textOperators(["1", "gold", "b&c"]), one({ name: "plan" }, { name: "x" }, { name: "none" })),
  of("header", textOperators(["beta", "alpha"]), one({ name: "x-ring" }, { name: "X-None" })),
  of("cookie", textOperators(["pro", "free"]), one({ name: "plan" }, { name: "none" })),
  of("path", textOperators(["/r", "r"])),
  of("method", textOperators(["GET", "POST"])),
  of(
    "date",
    fc.oneof(
      fc.record({ operator: one("equals", "not_equals", "greater_than", "less_than"), value: one(...days) }),
      fc.tuple(one(...days), one(...days)).map((pair) => ({ operator: "between", value: pair.toSorted() })),
    ),
    zone,
  ),
  of(
    "dayOfWeek",
    fc.oneof(
      fc.record({ operator: one("equals", "not_equals"), value: one("sunday", "monday", "friday") }),
      fc.record({ operator: one("in", "not_in"), value: some("saturday", "sunday", "tuesday") }),
    ),
    zone,
  ),
  of(
    "hour",
    fc.oneof(
      numberOperators(0, 1, 2, 3, 12, 23),
      fc.tuple(fc.nat(23), fc.nat(23)).map((value) => ({ operator: "between", value })),
    ),
    zone,
  ),
  of(
    "timeOfDay",
    fc.oneof(
      fc.record({
        operator: one("greater_than", "less_than", "equals"),
        value: one("01:30", "02:00", "12:00"),
      }),
      fc
        .tuple(one("01:30", "02:00", "18:00", "23:59"), one("02:30", "03:00", "06:00"))
        .map((value) => ({ operator: "between", value })),
    ),
    zone,
  ),
  flag("newVisitor"),
  flag("returning"),
  flag("bot"),
  flag("crawler"),
  flag("preview"),
  flag("prefetch"),
  of("percentage", numberOperators(10, 33.3, 50, 90)),
);

export const tree: fc.Arbitrary<object> = fc.letrec<{ node: object }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(tie("node"), { minLength: 1, maxLength: 4 }).map((all) => ({ all })) },
    { weight: 2, arbitrary: fc.array(tie("node"), { minLength: 1, maxLength: 4 }).map((any) => ({ any })) },
    { weight: 1, arbitrary: tie("node").map((not) => ({ not })) },
  ),
})).node;

const split = fc.option(
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }).map((weights) => ({
    variants: weights.map((weight, i) => ({ destinationUrl: `https://example.com/variant-${i}`, weight })),
  })),
  { nil: undefined, freq: 3 },
);

/** One link with its rules, as they are sent to the API. */
export interface World {
  readonly split: { variants: { destinationUrl: string; weight: number }[] } | undefined;
  readonly forwardQuery: boolean;
  readonly rules: readonly {
    readonly conditions: object | null;
    readonly enabled: boolean;
    readonly position: number;
    readonly split: World["split"];
  }[];
}
export const world: fc.Arbitrary<World> = fc.record({
  split,
  forwardQuery: fc.boolean(),
  rules: fc
    .tuple(
      fc.array(
        fc.record({
          conditions: tree as fc.Arbitrary<object | null>,
          enabled: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
          split,
        }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.constant(null),
    )
    .chain(([rules]) =>
      fc
        .shuffledSubarray(
          rules.map((_, i) => i * 3),
          { minLength: rules.length },
        )
        .map((positions) => rules.map((rule, i) => ({ ...rule, position: positions[i]! }))),
    ),
});

/** Somebody who comes, as a request shows it. */
export interface Caller {
  readonly userAgent: string;
  readonly agent: OracleVisitor["agent"];
  readonly at: number;
  readonly ip: string;
  readonly method: string;
  readonly query: string;
  readonly language: string;
  readonly referrer: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Record<string, string>>;
  /** Null for who is here for the first time. */
  readonly key: string | null;
}
const around = (iso: string) =>
  fc.integer({ min: -6 * 60, max: 6 * 60 }).map((minutes) => Date.parse(iso) + minutes * 60_000);
export const caller: fc.Arbitrary<Caller> = fc
  .record({
    who: fc.nat(agents.length - 1),
    prefetch: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    // The days on which clocks are changed, above all.
    at: fc.oneof(
      around("2026-03-29T01:00:00Z"),
      around("2026-10-25T01:00:00Z"),
      around("2026-03-08T07:00:00Z"),
      around("2026-11-01T06:00:00Z"),
      around("2026-04-04T15:00:00Z"),
      around("2026-10-03T15:30:00Z"),
      fc.integer({ min: Date.parse("2026-01-01"), max: Date.parse("2026-12-31") }),
    ),
    ip: one(...addresses),
    method: one("GET", "GET", "GET", "POST"),
    query: one(
      "",
      "",
      "plan=gold",
      "plan=1&plan=gold&x=",
      "utm_source=News&utm_medium=email&x=b%26c",
      "utm_source=a+b",
    ),
    language: one(
      "",
      "de-AT,de;q=0.9,en;q=0.5",
      "en-US,en;q=0.9",
      "fr;q=0.4, pt-BR;q=0.7",
      "en;q=0,de;q=0.3",
    ),
    referrer: one("", "https://t.co/x", "https://www.google.com/search?q=a", "https://news.example.org/path"),
    ring: one("", "beta", "Alpha-2"),
    plan: one("", "pro", "Free"),
    key: fc.option(
      fc.array(one(..."abcXYZ019-_"), { minLength: 22, maxLength: 22 }).map((signs) => signs.join("")),
      { freq: 4 },
    ),
  })
  .map(({ who, prefetch, ring, plan, ...rest }) => {
    const [userAgent, agent] = agents[who]!;
    return {
      ...rest,
      userAgent,
      agent: prefetch ? { ...agent, kind: "prefetch" } : agent,
      headers: { ...(ring ? { "x-ring": ring } : {}), ...(prefetch ? { "sec-purpose": "prefetch" } : {}) },
      cookies: plan ? { plan } : {},
    };
  });
