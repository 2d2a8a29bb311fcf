import { invalid } from "../../lib/errors.ts";
import { parseNetwork } from "../../lib/ip.ts";
import type { Kind } from "./fields.ts";
import { compilePattern } from "./pattern.ts";
import { versionOf } from "./version.ts";
import { momentsOf, weekdays } from "./zone.ts";

export const VALUES_MAX = 200;
export const TEXT_MAX = 500;

interface Given {
  readonly field: string;
  readonly kind: Kind;
  readonly operator: string;
  readonly value: unknown;
  readonly path: string;
  readonly timezone?: string;
}

/**
 * Operator and value of a condition in their one form: numbers are numbers, weekdays names, lists lists.
 * @throws AppError VALIDATION_ERROR naming the value
 */
export function questionOf(given: Given): { readonly operator: string; readonly value: unknown } {
  const { operator } = given;
  if (given.kind === "flag") return flagOf(given);
  if (operator === "is_set" || operator === "is_not_set") return { operator, value: nothing(given) };
  if (operator === "matches" || operator === "not_matches") return { operator, value: patternOf(given) };
  if (given.kind === "location") return { operator, value: areaOf(given) };
  if (operator === "in" || operator === "not_in") return { operator, value: listOf(given) };
  if (operator === "between") return { operator, value: stretchOf(given) };
  return { operator, value: single(given, given.value, "/value") };
}

const refused = ({ path }: Given, at: string, message: string) => invalid(`${path}${at}`, message);

function nothing(given: Given): null {
  if (given.value === undefined || given.value === null) return null;
  throw refused(given, "/value", `${given.operator} takes no value`);
}

function flagOf(given: Given): { operator: string; value: null } {
  const { operator, value } = given;
  const isTold = value === undefined || value === null;
  if (operator === "is_true" || operator === "is_false") {
    // Some write the answer beside the question.
    if (!isTold && value !== (operator === "is_true"))
      throw refused(given, "/value", `${operator} takes no value`);
    return { operator, value: null };
  }
  if (typeof value !== "boolean") throw refused(given, "/value", "value is true or false");
  return { operator: value === (operator === "equals") ? "is_true" : "is_false", value: null };
}

function patternOf(given: Given): string {
  const pattern = textOf(given, given.value, "/value");
  const compiled = compilePattern(pattern);
  if (typeof compiled === "string") throw refused(given, "/value", `the pattern ${compiled}`);
  return pattern;
}

function listOf(given: Given): unknown[] {
  const list = Array.isArray(given.value) ? given.value : [given.value];
  if (list.length === 0 || list.length > VALUES_MAX)
    throw refused(given, "/value", `value holds 1 to ${VALUES_MAX} of them`);
  const isList = Array.isArray(given.value);
  return list.map((one, i) => single(given, one, isList ? `/value/${i}` : "/value"));
}

/** Two ends, both as the kind wants them. Hours, times and nothing else may end before they begin: over midnight. */
function stretchOf(given: Given): [unknown, unknown] {
  const { value, kind } = given;
  if (!Array.isArray(value) || value.length !== 2)
    throw refused(given, "/value", "value is a list of two: from and to");
  const from = single(given, value[0], "/value/0");
  const to = single(given, value[1], "/value/1");
  if (kind === "number" && (from as number) > (to as number))
    throw refused(given, "/value/1", "to lies before from");
  if (kind === "date" && momentOf(given, from as string)!.from >= momentOf(given, to as string)!.next)
    throw refused(given, "/value/1", "to lies before from");
  return [from, to];
}

function single(given: Given, value: unknown, at: string): unknown {
  switch (given.kind) {
    case "number":
      return numberOf(given, value, at);
    case "version":
      return readAs(
        given,
        value,
        at,
        (text) => versionOf(text) !== null && /^[\d._]+$/.test(text),
        "a version, such as 17.4",
      );
    case "weekday":
      return weekdayOf(given, value, at);
    case "clock":
      return given.field === "hour"
        ? hourOf(given, value, at)
        : readAs(given, value, at, (text) => CLOCK.test(text), "a time, such as 09:30");
    case "date":
      return dateOf(given, value, at);
    case "address":
      return readAs(
        given,
        value,
        at,
        (text) => parseNetwork(text) !== null,
        "an address or a network, such as 192.0.2.0/24",
      );
    case "language":
      return readAs(
        given,
        value,
        at,
        (text) => LANGUAGE.test(text),
        "a language, such as de or pt-BR",
      ).toLowerCase();
    default:
      return textOf(given, value, at);
  }
}

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const LANGUAGE = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

function textOf(given: Given, value: unknown, at: string): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text === "" || text.length > TEXT_MAX)
    throw refused(given, at, `value is a text of 1 to ${TEXT_MAX} characters`);
  if (!text.isWellFormed()) throw refused(given, at, "value holds half a character");
  return text;
}

function readAs(
  given: Given,
  value: unknown,
  at: string,
  is: (text: string) => boolean,
  what: string,
): string {
  const text = textOf(given, value, at).trim();
  if (!is(text)) throw refused(given, at, `value is not ${what}`);
  return text;
}

function numberOf(given: Given, value: unknown, at: string): number {
  const number =
    typeof value === "string" && /^-?\d{1,15}(?:\.\d{1,10})?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw refused(given, at, "value is a number");
  const [min, max] = limits[given.field] ?? [0, Number.MAX_SAFE_INTEGER];
  if (number < min || number > max) throw refused(given, at, `value lies between ${min} and ${max}`);
  return number;
}

const limits: Readonly<Record<string, readonly [number, number]>> = {
  latitude: [-90, 90],
  longitude: [-180, 180],
  percentage: [0, 100],
  asn: [0, 4_294_967_295],
};

function hourOf(given: Given, value: unknown, at: string): number {
  const hour = typeof value === "string" && /^\d{1,2}$/.test(value) ? Number(value) : value;
  if (typeof hour !== "number" || !Number.isInteger(hour) || hour < 0 || hour > 23)
    throw refused(given, at, "value is an hour from 0 to 23");
  return hour;
}

function weekdayOf(given: Given, value: unknown, at: string): string {
  const text = typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : "";
  const name = /^[0-7]$/.test(text)
    ? weekdays[Number(text) % 7]
    : weekdays.find((day) => day === text || (text.length === 3 && day.startsWith(text)));
  if (name === undefined) throw refused(given, at, "value is a weekday, such as monday, or 0 (Sunday) to 6");
  return name;
}

const momentOf = ({ timezone = "UTC" }: Given, text: string) => momentsOf(text, timezone);

function dateOf(given: Given, value: unknown, at: string): string {
  const text = readAs(
    given,
    value,
    at,
    (one) => momentOf(given, one) !== null,
    "a day or a time, such as 2026-12-24 or 2026-12-24T18:00",
  );
  if (/equals$/.test(given.operator) && text.length > 10)
    throw refused(given, at, "value is a whole day, such as 2026-12-24");
  return text;
}

/** A circle or a box. */
function areaOf(given: Given): object {
  const { value } = given;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(given, "/value", AREA);
  const names = "radiusKm" in value ? CIRCLE : BOX;
  const odd = Object.keys(value).find((name) => !(name in names));
  if (odd !== undefined) throw refused(given, `/value/${odd}`, AREA);
  const area = Object.fromEntries(
    Object.entries(names).map(([name, [min, max]]) => [
      name,
      degree(given, value as Record<string, unknown>, name, min, max),
    ]),
  );
  if ("south" in area && area["south"]! > area["north"]!)
    throw refused(given, "/value/south", "south lies north of north");
  return area;
}

const AREA = "value is {latitude, longitude, radiusKm} or {north, south, west, east}";
const CIRCLE = { latitude: [-90, 90], longitude: [-180, 180], radiusKm: [0, 20_040] } as const;
const BOX = { north: [-90, 90], south: [-90, 90], west: [-180, 180], east: [-180, 180] } as const;

function degree(
  given: Given,
  value: Record<string, unknown>,
  name: string,
  min: number,
  max: number,
): number {
  const number = value[name];
  if (typeof number !== "number" || !(number >= min && number <= max))
    throw refused(given, `/value/${name}`, `${name} is a number from ${min} to ${max}`);
  return number;
}
