import type { Visitor } from "../visitor.ts";
import type { Leaf } from "./condition.ts";

const referrerOf = (visitor: Visitor): string => visitor.header("referer");

/** Of `https://www.example.org:8080/x` it is `example.org`; an app's `android-app://name/` has one too. */
function hostOfReferrer(referrer: string): string {
  if (referrer === "") return "";
  return (URL.parse(referrer)?.hostname ?? "").replace(/^www\./, "").toLowerCase();
}

/** The path of a URL as it was asked for, with its slash. */
function pathOf(url: string): string {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?");
  return from < 0 ? "/" : url.slice(from, query < 0 ? undefined : query);
}

const hostOf = (url: string): string => (URL.parse(url)?.hostname ?? "").replace(/\.$/, "");

/** What a field is, and so which operators it knows. */
export type Kind =
  | "text"
  | "texts"
  | "number"
  | "version"
  | "flag"
  | "weekday"
  | "clock"
  | "date"
  | "address"
  | "location"
  | "language";

/** Reads a field of a visitor. Null when nobody can know it here; texts that are absent are empty. */
type Read<T> = (visitor: Visitor, leaf: Leaf) => T | null;

/** What the reader of a field gives, by its kind. */
interface Values {
  readonly text: string;
  readonly texts: readonly string[];
  readonly number: number;
  readonly version: string;
  readonly flag: boolean;
  readonly address: string;
}

interface Of<K extends Kind> {
  readonly kind: K;
  readonly about: string;
  /** Why it may be unknown. */
  readonly needs?: string;
  /** Needs the leaf's `name`. */
  readonly named?: true;
  /** Takes the leaf's `timezone`. */
  readonly zoned?: true;
  /** Takes the leaf's `window`. */
  readonly windowed?: true;
}
interface Read_<K extends keyof Values> extends Of<K> {
  readonly read: Read<Values[K]>;
}
/** Kinds without a reader are read by `compile.ts`: their operators look at more than one thing. */
export type Field =
  | { [K in keyof Values]: Read_<K> }[keyof Values]
  | Of<"weekday" | "clock" | "date" | "location" | "language">;

const PLACE = "a place database, and an address that stands in it";
const NETWORK = "a network database, and an address that stands in it";

const place = (about: string, part: "country" | "region" | "city" | "continent" | "timeZone"): Field => ({
  kind: "text",
  about,
  needs: PLACE,
  read: ({ place: known }) => known?.[part] || null,
});
const degrees = (about: string, part: "latitude" | "longitude"): Field => ({
  kind: "number",
  about,
  needs: PLACE,
  read: ({ place: known }) => known?.[part] ?? null,
});
const network = (about: string, part: "datacenter" | "vpn" | "proxy" | "tor"): Field => ({
  kind: "flag",
  about,
  needs: NETWORK,
  read: ({ network: known }) => known?.[part] ?? null,
});
const utm = (name: string): Field => ({
  kind: "text",
  about: `\`${name}\` of the visitor's query.`,
  read: (visitor) => visitor.parameters.get(name) ?? "",
});
const verdict = (about: string, ...verdicts: readonly string[]): Field => ({
  kind: "flag",
  about,
  read: (visitor) => verdicts.includes(visitor.verdict),
});

/** Everything a condition can ask of a visitor. */
export const fields: Readonly<Record<string, Field>> = {
  country: place("Two letters of ISO 3166-1: `DE`.", "country"),
  region: place("The subdivision of ISO 3166-2 without its country: `BY`.", "region"),
  city: place("Its English name.", "city"),
  continent: place("`AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`.", "continent"),
  timezone: place("The visitor's own time zone: `Europe/Berlin`.", "timeZone"),
  latitude: degrees("Degrees north.", "latitude"),
  longitude: degrees("Degrees east.", "longitude"),
  location: { kind: "location", about: "Within a circle or a box.", needs: PLACE },
  asn: {
    kind: "number",
    about: "The number of the network the address belongs to.",
    needs: NETWORK,
    read: ({ network: known }) => known?.asn ?? null,
  },
  isp: {
    kind: "text",
    about: "Who runs that network.",
    needs: NETWORK,
    read: ({ network: known }) => known?.isp || null,
  },
  datacenter: network("The address is a data centre's.", "datacenter"),
  vpn: network("The address is a VPN's.", "vpn"),
  proxy: network("The address is an open proxy's.", "proxy"),
  tor: network("The address is an exit of Tor.", "tor"),
  ip: {
    kind: "address",
    about: "Addresses and networks: `192.0.2.0/24`.",
    read: ({ address }) => address || null,
  },

  device: {
    kind: "text",
    about: "`desktop`, `mobile`, `tablet` or `tv`.",
    read: ({ agent }) => agent.device,
  },
  brand: { kind: "text", about: "Who made it: `Apple`.", read: ({ agent }) => agent.brand },
  os: {
    kind: "text",
    about: "`iOS`, `Android`, `Windows`, `macOS`, `Linux` …",
    read: ({ agent }) => agent.os,
  },
  osVersion: {
    kind: "version",
    about: "As far as you write it: 17 is all of 17. Windows tells its NT version: 10 also for Windows 11.",
    read: ({ agent }) => agent.osVersion,
  },
  browser: { kind: "text", about: "`Chrome`, `Safari`, `Firefox` …", read: ({ agent }) => agent.browser },
  browserVersion: {
    kind: "version",
    about: "As far as you write it: 126 is all of 126.",
    read: ({ agent }) => agent.browserVersion,
  },
  language: {
    kind: "language",
    about: "The most preferred language; with `quality`, any that is accepted so much.",
  },

  referrer: { kind: "text", about: "The whole `Referer`.", read: referrerOf },
  referrerHost: {
    kind: "text",
    about: "Its host, without `www.`.",
    read: (visitor) => hostOfReferrer(referrerOf(visitor)),
  },
  utmSource: utm("utm_source"),
  utmMedium: utm("utm_medium"),
  utmCampaign: utm("utm_campaign"),
  utmTerm: utm("utm_term"),
  utmContent: utm("utm_content"),
  query: {
    kind: "texts",
    about: "A parameter of the visitor's query; `name` says which.",
    named: true,
    read: (visitor, { name }) => visitor.parameters.getAll(name!),
  },
  header: {
    kind: "text",
    about: "A header of the request; `name` says which.",
    named: true,
    read: (visitor, { name }) => visitor.header(name!.toLowerCase()),
  },
  cookie: {
    kind: "text",
    about: "A cookie of the short domain; `name` says which.",
    named: true,
    read: (visitor, { name }) => visitor.cookie(name!) ?? "",
  },
  path: {
    kind: "text",
    about: "The path as it was asked for, with its slash.",
    read: ({ url }) => pathOf(url),
  },
  method: { kind: "text", about: "`GET`, `HEAD`, `POST` …", read: ({ method }) => method },
  host: { kind: "text", about: "The short domain.", read: ({ url }) => hostOf(url) },

  date: { kind: "date", about: "A moment, a day or a stretch of time.", zoned: true },
  dayOfWeek: { kind: "weekday", about: "`monday` … `sunday`, or 0 (Sunday) to 6.", zoned: true },
  hour: { kind: "clock", about: "0 to 23.", zoned: true },
  timeOfDay: { kind: "clock", about: "`09:30`; a stretch may go over midnight.", zoned: true },

  newVisitor: {
    kind: "flag",
    about: "Nobody who was here before and kept the cookie.",
    read: ({ keptKey }) => keptKey === null,
  },
  returning: {
    kind: "flag",
    about: "Was here before and kept the cookie.",
    read: ({ keptKey }) => keptKey !== null,
  },
  bot: {
    kind: "flag",
    about: "Any program: crawlers, previews, prefetches, monitors.",
    read: (visitor) => visitor.verdict !== "human",
  },
  crawler: verdict("Search engines and other programs that read pages.", "bot"),
  preview: verdict("A chat or feed that shows a preview of the link.", "preview"),
  prefetch: verdict("A browser that fetches before anybody has clicked.", "prefetch"),

  clicks: {
    kind: "number",
    about: "How many human clicks the link has had before this one.",
    needs: "the link's clicks to have been counted",
    read: ({ clicks }) => clicks,
  },
  visitorRate: {
    kind: "number",
    about: "How often this visitor came to this link in the minute, hour or day (UTC), this time included.",
    windowed: true,
    read: (visitor, { window }) => visitor.rate("visitor", window!),
  },
  linkRate: {
    kind: "number",
    about: "How often anybody came to this link in the minute, hour or day (UTC), this time included.",
    windowed: true,
    read: (visitor, { window }) => visitor.rate("link", window!),
  },
  percentage: {
    kind: "number",
    about: "The visitor's own number of this link, from 0 up to 100, always the same.",
    read: (visitor) => visitor.percentage,
  },
};

/** What other systems call them. */
export const aliases: Readonly<Record<string, string>> = {
  deviceType: "device",
  deviceBrand: "brand",
  referrerDomain: "referrerHost",
  isCrawler: "crawler",
  isBot: "bot",
  isNewVisitor: "newVisitor",
  isReturning: "returning",
  weekday: "dayOfWeek",
  hostname: "host",
  userAgentBrand: "brand",
};

const text = [
  "equals",
  "not_equals",
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "in",
  "not_in",
  "matches",
  "not_matches",
  "is_set",
  "is_not_set",
];
const number = ["equals", "not_equals", "greater_than", "less_than", "between", "in", "not_in"];
const one = ["equals", "not_equals", "in", "not_in"];

/** Which operators a kind knows. */
export const operatorsOf: Readonly<Record<Kind, readonly string[]>> = {
  text,
  texts: text,
  number,
  version: number,
  flag: ["is_true", "is_false", "equals", "not_equals"],
  weekday: one,
  clock: number,
  date: ["equals", "not_equals", "greater_than", "less_than", "between"],
  address: one,
  location: ["within", "not_within"],
  language: one,
};
export const operators: readonly string[] = [...new Set(Object.values(operatorsOf).flat())];
