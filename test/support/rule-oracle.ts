/**
 * A second evaluator of rules, written from docs/rules.md alone and as naively as can be: it walks the JSON, knows
 * nothing of the first one's code, and takes other ways wherever there are any (native regular expressions, `Intl` for
 * time zones, BigInt for addresses and hashes).
 */

// biome-ignore lint/suspicious/noExplicitAny: it reads JSON as people write it
type Json = any;

/** A visitor as the API imagines one, with what a request would show of it. */
export interface OracleVisitor {
  readonly at: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly ip: string;
  readonly query: string;
  readonly language: string;
  readonly referrer: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Record<string, string>>;
  /** What a person reads out of the user agent. */
  readonly agent: {
    readonly device: string;
    readonly brand: string;
    readonly os: string;
    readonly osVersion: string;
    readonly browser: string;
    readonly browserVersion: string;
    readonly kind: string;
  };
  readonly place: Json | null;
  readonly network: Json | null;
  readonly returning: boolean;
  readonly key: string;
  readonly clicks: number | null;
  readonly linkId: string;
}

type Truth = boolean | null;

export function oracleHolds(tree: Json, who: OracleVisitor): Truth {
  if (tree === null) return true;
  if (tree.not) return opposite(oracleHolds(tree.not, who));
  const parts: Truth[] | undefined = (tree.all ?? tree.any)?.map((part: Json) => oracleHolds(part, who));
  if (parts === undefined) return leaf(tree, who);
  // One that settles it does; else one that nobody can know leaves it open.
  const settles = tree.any !== undefined;
  if (parts.includes(settles)) return settles;
  return parts.includes(null) ? null : !settles;
}

const opposite = (truth: Truth): Truth => (truth === null ? null : !truth);

function leaf(condition: Json, who: OracleVisitor): Truth {
  const { operator } = condition;
  const negative = [
    "not_equals",
    "not_contains",
    "not_in",
    "not_matches",
    "not_within",
    "is_not_set",
    "is_false",
  ];
  if (!negative.includes(operator)) return positive(condition, who);
  const turned = operator === "is_false" ? "is_true" : operator.replace("not_", "");
  return opposite(positive({ ...condition, operator: turned }, who));
}

const lower = (text: string) => text.toLowerCase();

function text(given: string | null, { operator, value }: Json): Truth {
  if (given === null) return null;
  if (given === "") return false;
  const have = lower(given);
  const want = () => lower(String(value));
  if (operator === "is_set") return true;
  if (operator === "equals") return have === want();
  if (operator === "contains") return have.split(want()).length > 1;
  if (operator === "starts_with") return have.slice(0, want().length) === want();
  if (operator === "ends_with")
    return have.slice(have.length - want().length) === want() && have.length >= want().length;
  if (operator === "in") return value.some((one: Json) => lower(String(one)) === have);
  if (operator === "matches") return new RegExp(value, "i").test(have);
  throw new Error(`the oracle knows no ${operator} of texts`);
}

function number(given: number | null, { operator, value }: Json): Truth {
  if (given === null) return null;
  if (operator === "equals") return given === Number(value);
  if (operator === "in") return value.map(Number).includes(given);
  if (operator === "greater_than") return given > Number(value);
  if (operator === "less_than") return given < Number(value);
  if (operator === "between") return Number(value[0]) <= given && given <= Number(value[1]);
  throw new Error(`the oracle knows no ${operator} of numbers`);
}

/** -1, 0 or 1, as far as `want` goes. */
function compared(have: string, want: string): number {
  const wanted = String(want).split(".").map(Number);
  const had = have.split(".").map(Number);
  const pad = (n: number) => String(n).padStart(12, "0");
  const left = wanted.map((_, i) => pad(had[i] ?? 0)).join(".");
  const right = wanted.map(pad).join(".");
  return left < right ? -1 : left > right ? 1 : 0;
}

function version(have: string, { operator, value }: Json): Truth {
  if (have === "") return false;
  if (operator === "equals") return compared(have, value) === 0;
  if (operator === "in") return value.some((one: string) => compared(have, one) === 0);
  if (operator === "greater_than") return compared(have, value) === 1;
  if (operator === "less_than") return compared(have, value) === -1;
  return compared(have, value[0]) >= 0 && compared(have, value[1]) <= 0;
}

function ipNumber(address: string): bigint {
  return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function inNetwork(address: string, network: string): boolean {
  const [base, bits = "32"] = network.split("/");
  const shift = 32n - BigInt(bits);
  return ipNumber(address) >> shift === ipNumber(base!) >> shift;
}

function languagesOf(header: string): { tag: string; q: number }[] {
  const all = header
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [tag, q = "q=1"] = part.split(";").map((one) => one.trim());
      return { tag: lower(tag!), q: Number(q.slice(2)) };
    })
    .filter(({ q }) => q > 0);
  return all.sort((one, other) => other.q - one.q);
}

function language({ value, operator, quality }: Json, who: OracleVisitor): Truth {
  const wanted: string[] = operator === "in" ? value : [value];
  const all = languagesOf(who.language);
  const best = Math.max(...all.map(({ q }) => q), 0);
  const counted = all.filter(({ q }) => (quality === undefined ? q === best : q >= quality));
  return counted.some(({ tag }) => wanted.some((range) => `${tag}-`.startsWith(`${lower(range)}-`)));
}

/** What a calendar on the wall shows there: `2026-05-10`, `21:30`, `sunday`. */
function wall(at: number, zone: string): { day: string; time: string; weekday: string } {
  const [day, time] = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  })
    .format(at)
    .split(" ");
  const weekday = new Intl.DateTimeFormat("en-US", { timeZone: zone, weekday: "long" }).format(at);
  return { day: day!, time: time!, weekday: lower(weekday) };
}

function distance(one: Json, other: Json): number {
  const unit = ({ latitude, longitude }: Json): number[] => {
    const [a, b] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
    return [Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)];
  };
  const [x, y] = [unit(one), unit(other)];
  const dot = x[0]! * y[0]! + x[1]! * y[1]! + x[2]! * y[2]!;
  return Math.acos(Math.min(1, Math.max(-1, dot))) * 6371.0088;
}

function location({ value }: Json, { place }: OracleVisitor): Truth {
  if (!place) return null;
  if ("radiusKm" in value) return distance(place, value) <= value.radiusKm;
  const wide = value.west <= value.east ? value.east - value.west : value.east + 360 - value.west;
  const along = (((place.longitude - value.west) % 360) + 360) % 360;
  return value.south <= place.latitude && place.latitude <= value.north && along <= wide;
}

function day(condition: Json, who: OracleVisitor): Truth {
  const { day: today } = wall(who.at, condition.timezone ?? "UTC");
  const { operator, value } = condition;
  if (operator === "equals") return today === value;
  if (operator === "greater_than") return today > value;
  if (operator === "less_than") return today < value;
  return value[0] <= today && today <= value[1];
}

/** What each field asks. */
const asks: Readonly<Record<string, (condition: Json, who: OracleVisitor) => Truth>> = {
  location,
  language,
  date: day,
  hour,
  timeOfDay,
  query,
  ip: ({ operator, value }, { ip }) =>
    (operator === "in" ? value : [value]).some((one: string) => inNetwork(ip, one)),
  asn: (condition, { network }) => number(network ? network.asn : null, condition),
  isp: (condition, { network }) => text(network ? network.isp : null, condition),
  referrer: (condition, { referrer }) => text(referrer, condition),
  referrerHost: (condition, { referrer }) =>
    text(referrer.replace(/^\w+:\/\/(www\.)?/, "").replace(/[:/?].*$/, ""), condition),
  header: (condition, { headers }) => text(headers[lower(condition.name)] ?? "", condition),
  cookie: (condition, { cookies }) => text(cookies[condition.name] ?? "", condition),
  dayOfWeek: ({ operator, value, timezone = "UTC" }, { at }) =>
    (operator === "in" ? value : [value]).includes(wall(at, timezone).weekday),
  newVisitor: (_, { returning }) => !returning,
  returning: (_, { returning }) => returning,
  bot: (_, { agent }) => agent.kind !== "human",
  crawler: (_, { agent }) => agent.kind === "bot",
  preview: (_, { agent }) => agent.kind === "preview",
  prefetch: (_, { agent }) => agent.kind === "prefetch",
  clicks: (condition, { clicks }) => number(clicks, condition),
  percentage: (condition, { key, linkId }) => number(oracleNumber(key, linkId) * 100, condition),
};
for (const name of ["country", "region", "city", "continent", "timezone"])
  Object.assign(asks, {
    [name]: (condition: Json, { place }: Json) => text(place ? place[name] : null, condition),
  });
for (const name of ["latitude", "longitude"])
  Object.assign(asks, {
    [name]: (condition: Json, { place }: Json) => number(place ? place[name] : null, condition),
  });
for (const name of ["datacenter", "vpn", "proxy", "tor"])
  Object.assign(asks, { [name]: (_: Json, { network }: Json) => (network ? network[name] : null) });
for (const name of ["device", "brand", "os", "browser"])
  Object.assign(asks, { [name]: (condition: Json, { agent }: Json) => text(agent[name], condition) });
for (const name of ["osVersion", "browserVersion"])
  Object.assign(asks, { [name]: (condition: Json, { agent }: Json) => version(agent[name], condition) });
for (const name of ["path", "method", "host"])
  Object.assign(asks, { [name]: (condition: Json, who: Json) => text(who[name], condition) });
for (const name of ["source", "medium", "campaign", "term", "content"])
  Object.assign(asks, {
    [`utm${name[0]!.toUpperCase()}${name.slice(1)}`]: (condition: Json, who: OracleVisitor) =>
      text(valuesOf(who, `utm_${name}`)[0] ?? "", condition),
  });

function positive(condition: Json, who: OracleVisitor): Truth {
  const ask = asks[condition.field];
  if (!ask) throw new Error(`the oracle knows no ${condition.field}`);
  return ask(condition, who);
}

const valuesOf = (who: OracleVisitor, name: string): string[] =>
  who.query
    .split("&")
    .filter((pair) => pair.split("=")[0] === name)
    .map((pair) => decodeURIComponent(pair.slice(name.length + 1).replaceAll("+", " ")));

function query(condition: Json, who: OracleVisitor): Truth {
  const mine = valuesOf(who, condition.name);
  return condition.operator === "is_set"
    ? mine.length > 0
    : mine.some((one) => text(one, condition) === true);
}

function hour(condition: Json, who: OracleVisitor): Truth {
  const now = Number(wall(who.at, condition.timezone ?? "UTC").time.slice(0, 2));
  const { operator, value } = condition;
  if (operator !== "between") return number(now, condition);
  // Walks from the first hour to the last, over midnight if need be.
  for (let h = value[0]; h !== value[1]; h = (h + 1) % 24) if (h === now) return true;
  return now === value[1];
}

function timeOfDay(condition: Json, who: OracleVisitor): Truth {
  const { time } = wall(who.at, condition.timezone ?? "UTC");
  const { operator, value } = condition;
  if (operator === "equals") return time === value;
  if (operator === "greater_than") return time > value;
  if (operator === "less_than") return time < value;
  const [from, to] = value;
  return from <= to ? from <= time && time < to : !(to <= time && time < from);
}

/** What docs/rules.md says of the number of a visitor. */
export function oracleNumber(key: string, salt: string): number {
  const cut = (n: bigint) => n & 0xffff_ffffn;
  let hash = 2166136261n;
  for (let i = 0; i < salt.length + 1 + key.length; i++)
    hash = cut((hash ^ BigInt(`${salt} ${key}`.charCodeAt(i))) * 16777619n);
  hash = cut((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = cut((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n)) / 2 ** 32;
}

export interface OracleSplit {
  readonly variants: readonly { readonly destinationUrl: string; readonly weight: number }[];
}
export interface OracleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly position: number;
  readonly conditions: Json;
  readonly destinationUrl: string;
  readonly split?: OracleSplit;
}

/** Where somebody is sent, by which rule; before the query is handed on. */
export function oracleAnswer(
  link: { readonly id: string; readonly destinationUrl: string; readonly split?: OracleSplit },
  rules: readonly OracleRule[],
  who: OracleVisitor,
): { readonly ruleId: string | null; readonly location: string } {
  const order = rules.filter(({ enabled }) => enabled).sort((one, other) => one.position - other.position);
  const first = order.find(({ conditions }) => oracleHolds(conditions, who) === true);
  if (first) return { ruleId: first.id, location: share(first.split, first.id, who) ?? first.destinationUrl };
  return { ruleId: null, location: share(link.split, link.id, who) ?? link.destinationUrl };
}

function share(split: OracleSplit | undefined, parentId: string, who: OracleVisitor): string | null {
  if (!split) return null;
  const sum = split.variants.reduce((total, { weight }) => total + weight, 0);
  let left = oracleNumber(who.key, `${parentId} split`) * sum;
  for (const { weight, destinationUrl } of split.variants) {
    if (left < weight) return destinationUrl;
    left -= weight;
  }
  return split.variants.at(-1)!.destinationUrl;
}
