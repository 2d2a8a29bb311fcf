import { invalid } from "../../lib/errors.ts";
import { type Condition, type Leaf, type Window, windows } from "./condition.ts";
import { aliases, type Field, fields, operatorsOf } from "./fields.ts";
import { questionOf } from "./values.ts";
import { isZone } from "./zone.ts";

export const DEPTH_MAX = 8;
export const CONDITIONS_MAX = 200;
const NAME_LENGTH_MAX = 100;

/**
 * The tree somebody wrote, in the normal form it is stored in: known fields and operators, each value as its kind wants
 * it. `null` is a tree that always holds.
 *
 * @param at JSON pointer to where it stands
 * @throws AppError VALIDATION_ERROR naming the place of what is wrong
 */
export function parseConditions(input: unknown, at: string): Condition {
  if (input === null || input === undefined) return { all: [] };
  let count = 0;

  function one(given: unknown, path: string, depth: number): Condition {
    if (depth > DEPTH_MAX) throw invalid(path, `conditions stand in each other more than ${DEPTH_MAX} deep`);
    const object = objectOf(given, path);
    if (!("field" in object)) return group(object, path, depth);
    if (++count > CONDITIONS_MAX) throw invalid(at, `there are more than ${CONDITIONS_MAX} conditions`);
    return parseLeaf(object, path);
  }

  function group(object: Record<string, unknown>, path: string, depth: number): Condition {
    const [name = "", more] = Object.keys(object);
    if (more !== undefined || !GROUPS.has(name))
      throw invalid(`${path}${name && "/"}${more ?? name}`, SHAPES);
    if (name === "not") return { not: one(object["not"], `${path}/not`, depth + 1) };
    const parts = object[name];
    if (!Array.isArray(parts) || (parts.length === 0 && depth > 1))
      throw invalid(`${path}/${name}`, `${name} holds at least one condition`);
    const parsed = parts.map((part, i) => one(part, `${path}/${name}/${i}`, depth + 1));
    return name === "all" ? { all: parsed } : { any: parsed };
  }

  return one(input, at, 1);
}

const GROUPS = new Set(["all", "any", "not"]);
const SHAPES = "a condition is {all: […]}, {any: […]}, {not: …} or {field, operator, value}";
const LEAF = new Set(["field", "operator", "value", "name", "timezone", "quality", "window"]);

function parseLeaf(object: Record<string, unknown>, path: string): Leaf {
  const odd = Object.keys(object).find((key) => !LEAF.has(key));
  if (odd !== undefined) throw invalid(`${path}/${odd}`, `${odd} is not known here`);
  const name = typeof object["field"] === "string" ? object["field"] : "";
  const known = own(aliases, name) ?? name;
  const field = own(fields, known);
  if (field === undefined) throw invalid(`${path}/field`, `there is no field "${name.slice(0, 50)}"`);
  const operator = object["operator"];
  if (typeof operator !== "string" || !operatorsOf[field.kind].includes(operator))
    throw invalid(`${path}/operator`, `${known} takes one of ${operatorsOf[field.kind].join(", ")}`);
  const options = optionsOf(object, known, field, path);
  return {
    field: known,
    ...questionOf({ field: known, kind: field.kind, operator, value: object["value"], path, ...options }),
    ...options,
  };
}

type Options = Pick<Leaf, "name" | "timezone" | "quality" | "window">;

/** What stands beside field, operator and value: which options the field takes, and what they must be. */
function optionsOf(object: Record<string, unknown>, known: string, field: Field, path: string): Options {
  const options: Record<string, unknown> = {};
  for (const [key, { taken, fits, wanted }] of Object.entries(OPTIONS)) {
    const value = object[key] ?? (key === "window" && field.windowed ? "hour" : undefined);
    if (value === undefined && !(key === "name" && field.named)) continue;
    if (!taken(field)) throw invalid(`${path}/${key}`, `${known} takes no ${key}`);
    if (!fits(value, field)) throw invalid(`${path}/${key}`, `${key} is ${wanted}`);
    options[key] = value;
  }
  if (known === "header" && !HEADER.test(String(options["name"])))
    throw invalid(`${path}/name`, "name is no name of a header");
  return options;
}

interface Option {
  taken(field: Field): boolean;
  fits(value: unknown, field: Field): boolean;
  readonly wanted: string;
}
const OPTIONS: Readonly<Record<keyof Options, Option>> = {
  name: {
    taken: ({ named }) => named === true,
    fits: (name) => typeof name === "string" && name !== "" && name.length <= NAME_LENGTH_MAX,
    wanted: `a text of 1 to ${NAME_LENGTH_MAX} characters`,
  },
  timezone: {
    taken: ({ zoned }) => zoned === true,
    fits: (zone, { kind }) =>
      typeof zone === "string" && ((zone === "visitor" && kind !== "date") || isZone(zone)),
    wanted: "the name of a time zone, such as Europe/Berlin",
  },
  quality: {
    taken: ({ kind }) => kind === "language",
    fits: (quality) => typeof quality === "number" && quality >= 0 && quality <= 1,
    wanted: "a number from 0 to 1",
  },
  window: {
    taken: ({ windowed }) => windowed === true,
    fits: (window) => windows.includes(window as Window),
    wanted: `one of ${windows.join(", ")}`,
  },
};
const HEADER = /^[!#$%&'*+.^_`|~\w-]+$/;

function objectOf(given: unknown, path: string): Record<string, unknown> {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalid(path, "a condition is an object");
  return given as Record<string, unknown>;
}

/** Not what every object inherits: `constructor` is no field. */
const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
