import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { isoOf, nameText, nullable, plainName, strict, Time } from "../../platform/schema.ts";

/** The five, in the order people know them. */
export const utmFields = ["source", "medium", "campaign", "term", "content"] as const;
export type UtmField = (typeof utmFields)[number];

/** What may stand in braces of a link's own parameters, and is filled in when it is saved. */
export const linkPlaceholders = [
  "slug",
  "domain",
  "title",
  "externalId",
  "date",
  "year",
  "month",
  "day",
] as const;
/** And in those of a template: the name of the link's campaign, too. */
const placeholders = [...linkPlaceholders, "campaign"];

const Part = t.Optional(
  nullable(
    t.String({
      minLength: 1,
      maxLength: 255,
      pattern: `^(?:[^{}\\x00-\\x1f\\x7f]|\\{(?:${placeholders.join("|")})\\})+$`,
      description: `text, in which ${placeholders.map((one) => `{${one}}`).join(", ")} stand for what the link has`,
      examples: ["{campaign}-{date}"],
    }),
  ),
);
const parts = { source: Part, medium: Part, campaign: Part, term: Part, content: Part };

export const NewUtmTemplate = strict({ name: nameText(100, { examples: ["Newsletter"] }), ...parts });
export type NewUtmTemplate = typeof NewUtmTemplate.static;
export const UtmTemplatePatch = strict({ name: t.Optional(nameText(100)), ...parts });
export type UtmTemplatePatch = typeof UtmTemplatePatch.static;

const shown = nullable(t.String());
export const UtmTemplate = t.Object(
  {
    id: t.String({ examples: ["utm_01jd0000000000000000000000"] }),
    name: t.String(),
    source: shown,
    medium: shown,
    campaign: shown,
    term: shown,
    content: shown,
    createdBy: t.String(),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "UtmTemplate" },
);
export type UtmTemplate = typeof UtmTemplate.static;

export type UtmTemplateRow = Database["tables"]["utmTemplates"]["$inferSelect"];

/** What the world may see of a row, and nothing else. */
export const toUtmTemplate = (row: UtmTemplateRow): UtmTemplate => ({
  id: row.id,
  name: row.name,
  source: row.source,
  medium: row.medium,
  campaign: row.campaign,
  term: row.term,
  content: row.content,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export function templateNamed(text: string): { readonly name: string; readonly nameKey: string } {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}
