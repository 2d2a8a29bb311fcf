import { type Static, type TOptional, type TSchema, type TUnion, Type as t } from "@sinclair/typebox";
import type { StoredOptions } from "../../db/schema/links.ts";
import { nullable, oneOf } from "../../platform/schema.ts";
import { Cost } from "./cost.ts";
import { UtmInput } from "./utm.ts";

/** One setting: what it takes, and what a link has that was told nothing (which is stored as nothing). */
interface Option<S extends TSchema, None> {
  readonly schema: S;
  readonly none: None;
}
const option = <S extends TSchema, const None extends Static<S> | null>(
  schema: S,
  none: None,
): Option<S, None> => ({ schema, none });

export const redirectModes = ["auto", "always", "rule_only", "never"] as const;
export type RedirectMode = (typeof redirectModes)[number];

const PAIRS_MAX = 50;
/** Ten years. */
const EXPIRES_AFTER_MAX = 315_360_000;

const customData = t.Record(
  t.String({ pattern: "^(?!__proto__$)[^\\x00-\\x1f\\x7f]{1,64}$" }),
  t.String({ maxLength: 500 }),
  {
    additionalProperties: false,
    maxProperties: PAIRS_MAX,
    description: `Your own words that travel with the link: ${PAIRS_MAX} pairs, names of 64 characters, values of 500.`,
    examples: [{ team: "growth" }],
  },
);

/**
 * What only the redirect and the API read of a link. A new setting is a line here: it is then taken, stored, shown,
 * and told by events. What a query looks into is no option; it has a column.
 */
const table = {
  redirectMode: option(
    oneOf(
      redirectModes,
      "`auto` and `always` lead to the destination, or where a rule says; `rule_only` where a rule says, and nowhere else; `never` answers 204 and counts.",
    ),
    "auto",
  ),
  customData: option(customData, {}),
  utm: option(UtmInput, null),
  forwardUtm: option(
    t.Boolean({
      description: "Whether a visitor's utm_ parameters are handed on; null for as forwardQuery has it.",
    }),
    null,
  ),
  expiresAfterSeconds: option(
    t.Integer({
      minimum: 1,
      maximum: EXPIRES_AFTER_MAX,
      description: "How long after its making the link ends. It sets expiresAt.",
    }),
    null,
  ),
  cost: option(Cost, null),
  publicStats: option(t.Boolean({ description: "Whether anybody may see the link's numbers." }), false),
};
type Table = typeof table;
type Name = keyof Table;
const names = Object.keys(table) as Name[];

type Shown<O> =
  O extends Option<infer S, infer None>
    ? None extends null
      ? TUnion<[S, ReturnType<typeof t.Null>]>
      : S
    : never;
const each = (make: (name: Name) => unknown) => Object.fromEntries(names.map((name) => [name, make(name)]));

/** The options among the fields of a body. Null clears. */
export const optionSettings = each((name) => t.Optional(nullable(table[name].schema))) as {
  [K in Name]: TOptional<TUnion<[Table[K]["schema"], ReturnType<typeof t.Null>]>>;
};

/** The options among the fields of an answer. */
export const optionCore = each((name) =>
  (table[name].none as unknown) === null ? nullable(table[name].schema) : table[name].schema,
) as { [K in Name]: Shown<Table[K]> };

/** As they are stored: what was said, and nothing else. */
export type LinkOptions = { readonly [K in Name]?: Static<Table[K]["schema"]> };
export type OptionsInput = { readonly [K in Name]?: Static<Table[K]["schema"]> | null | undefined };
export type ShownOptions = { [K in Name]: Static<Shown<Table[K]>> };

export const optionsOf = (row: { readonly options: StoredOptions | null }): LinkOptions =>
  (row.options ?? NONE) as LinkOptions;

const NONE: LinkOptions = {};

/** The options of a link once it was told these; null when there is nothing to store. */
export function optionsAfter(before: StoredOptions | null, input: OptionsInput): StoredOptions | null {
  let after: Record<string, unknown> | null = null;
  // In the order of the table, so that options that are the same read the same.
  for (const name of names) {
    const given = input[name];
    const value = given === undefined ? before?.[name] : given;
    if (value === undefined || value === null || Bun.deepEquals(value, table[name].none)) continue;
    after ??= {};
    after[name] = value;
  }
  return after;
}

/** All options, with what stands where nothing was said. */
export const shownOptions = (row: { readonly options: StoredOptions | null }): ShownOptions =>
  row.options === null ? nothingSet : { ...nothingSet, ...row.options };

const nothingSet = each((name) => table[name].none) as ShownOptions;
