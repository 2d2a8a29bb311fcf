import { Type as t } from "@sinclair/typebox";
import { invalid } from "../../lib/errors.ts";
import { filled, unknownPlaceholder } from "../../lib/placeholders.ts";
import { nullable, strict } from "../../platform/schema.ts";
import { linkPlaceholders } from "../utm/model.ts";

const LENGTH_MAX = 255;
/** The five parameters, in the order they are put into a destination. */
export const utmNames = ["source", "medium", "campaign", "term", "content"] as const;

const part = t.Optional(nullable(t.String({ maxLength: LENGTH_MAX })));
export const UtmInput = strict(
  { source: part, medium: part, campaign: part, term: part, content: part },
  "Campaign parameters that the redirect puts into the destination. {slug}, {domain}, {title}, {externalId}, {date}, {year}, {month} and {day} are filled in when they are saved.",
);
export type UtmInput = typeof UtmInput.static;

const shown = nullable(t.String());
export const Utm = t.Object({ source: shown, medium: shown, campaign: shown, term: shown, content: shown });
export type Utm = typeof Utm.static;

/** What placeholders are filled with. */
export interface UtmFacts {
  readonly slug: string;
  readonly domain: string;
  readonly title: string | null;
  readonly externalId: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The parameters as they are stored; null when none is left.
 * @throws AppError VALIDATION_ERROR naming the parameter with an unknown placeholder, or one that has grown too long
 */
export function utmOf(input: UtmInput, facts: UtmFacts): Utm | null {
  const values = valuesOf(facts);
  const utm = Object.fromEntries(
    utmNames.map((name) => [name, resolved(`/utm/${name}`, input[name]?.trim() ?? "", values)]),
  ) as Utm;
  return utmNames.some((name) => utm[name] !== null) ? utm : null;
}

function resolved(path: string, text: string, values: Readonly<Record<string, string>>): string | null {
  const unknown = unknownPlaceholder(text, linkPlaceholders);
  if (unknown !== null)
    throw invalid(path, `{${unknown}} is no placeholder. There are ${linkPlaceholders.join(", ")}.`);
  const whole = filled(text, values);
  if (whole.length > LENGTH_MAX)
    throw invalid(path, `${path.slice(1)} is longer than ${LENGTH_MAX} characters once it is filled in`);
  return whole === "" ? null : whole;
}

function valuesOf({ slug, domain, title, externalId, at }: UtmFacts): Readonly<Record<string, string>> {
  const date = new Date(at).toISOString().slice(0, 10);
  const [year = "", month = "", day = ""] = date.split("-");
  return { slug, domain, title: title ?? "", externalId: externalId ?? "", date, year, month, day };
}

/** The parameters as a query; empty for none. */
export const utmQuery = (utm: Utm | null | undefined): string =>
  utmNames
    .flatMap((name) => {
      const value = utm?.[name];
      return value ? [`utm_${name}=${encodeURIComponent(value.toWellFormed())}`] : [];
    })
    .join("&");
