import { Type as t } from "@sinclair/typebox";
import type { Id } from "../../lib/ids.ts";
import { isoOf, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import type { Condition } from "../../redirect/rules/condition.ts";

export const RULES_MAX = 100;
export const POSITION_MAX = 1_000_000;

/** What `parseConditions` reads: a schema of a tree would say less about what is wrong with it. */
const conditions = t.Unknown({
  description:
    "A tree of {all: […]}, {any: […]}, {not: …} and {field, operator, value}; null holds for everybody. A list of conditions, joined by conditionLogic, is taken too. docs/rules.md has all fields and operators; GET /rules/fields lists them.",
  examples: [{ all: [{ field: "country", operator: "in", value: ["DE", "AT"] }] }],
});
const destinationUrl = t.String({
  minLength: 1,
  maxLength: 8192,
  description: "Where the visitors go for whom it holds.",
  examples: ["https://example.com/de"],
});
const utmValue = t.Optional(nullable(t.String({ minLength: 1, maxLength: 255 })));
const Utm = strict({
  source: utmValue,
  medium: utmValue,
  campaign: utmValue,
  term: utmValue,
  content: utmValue,
});
export type RuleUtm = typeof Utm.static;

const settings = {
  description: t.Optional(nullable(t.String({ maxLength: 2000 }))),
  conditions: t.Optional(conditions),
  conditionLogic: t.Optional(oneOf(["AND", "OR"], "How a list of conditions is joined. AND when left out.")),
  type: t.Optional(
    oneOf(
      ["geo", "device", "time", "referrer", "utm", "percentage", "language", "visitor_state"],
      "The older form: conditions is then the object of this type. It is stored as a tree.",
    ),
  ),
  enabled: t.Optional(t.Boolean()),
  position: t.Optional(
    t.Integer({
      minimum: 0,
      maximum: POSITION_MAX,
      description: "Lower first; the first rule that holds wins. Behind all others when left out.",
    }),
  ),
  forwardQuery: t.Optional(
    nullable(t.Boolean({ description: "Hand the visitor's query on; null: as the link does." })),
  ),
  forwardUtm: t.Optional(
    nullable(
      t.Boolean({
        description:
          "Hand the visitor's utm_ parameters on, even where the query is not; null: as the link does.",
      }),
    ),
  ),
  utm: t.Optional(nullable(Utm)),
};

const base = { name: nameText(255, { examples: ["German visitors"] }), destinationUrl, ...settings };
export const NewRule = strict(base);
export type NewRule = typeof NewRule.static;

/** The same, telling what it hangs on. */
export const NewRuleAnywhere = strict({
  ...base,
  linkId: t.Optional(
    t.String({ minLength: 1, maxLength: 600, description: "Id of the link, or ext_ and your external id." }),
  ),
  campaignId: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
  priority: t.Optional(
    t.Integer({ minimum: 0, maximum: POSITION_MAX, description: "Another word for position." }),
  ),
});
export type NewRuleAnywhere = typeof NewRuleAnywhere.static;

export const RulePatch = strict({
  name: t.Optional(nameText(255)),
  destinationUrl: t.Optional(destinationUrl),
  ...settings,
});
export type RulePatch = typeof RulePatch.static;

export const Order = strict({
  rules: t.Array(t.String({ maxLength: 64 }), {
    maxItems: RULES_MAX,
    uniqueItems: true,
    description: "All rules of the link, first to last.",
    examples: [[]],
  }),
});
export type Order = typeof Order.static;

const core = {
  id: t.String({ examples: ["rule_01jd0000000000000000000000"] }),
  linkId: nullable(t.String()),
  campaignId: nullable(t.String()),
  /** Of the link, so that whoever remembers it knows which. */
  domainId: nullable(t.String()),
  slug: nullable(t.String()),
  position: t.Integer(),
  name: t.String(),
  description: nullable(t.String()),
  enabled: t.Boolean(),
  conditions,
  destinationUrl: t.String(),
  forwardQuery: nullable(t.Boolean()),
  forwardUtm: nullable(t.Boolean()),
  utm: nullable(
    t.Object({
      source: nullable(t.String()),
      medium: nullable(t.String()),
      campaign: nullable(t.String()),
      term: nullable(t.String()),
      content: nullable(t.String()),
    }),
  ),
  version: t.Integer({ description: "Counts the edits. The ETag is made of it." }),
  createdBy: t.String(),
  createdAt: Time,
  updatedAt: Time,
};
/** A rule without its numbers: what events tell. */
export const RuleCore = t.Object(core, { $id: "RuleCore" });
export type RuleCore = typeof RuleCore.static;

export const Rule = t.Object(
  {
    ...core,
    clicks: t.Integer({ description: "Human clicks that were sent on by it." }),
    uniqueClicks: t.Integer(),
  },
  { $id: "Rule" },
);
export type Rule = typeof Rule.static;

/** The link as events of its rules tell of it. */
export const LinkOrder = t.Object({
  id: t.String(),
  domainId: t.String(),
  slug: t.String(),
  rules: t.Array(t.String(), { description: "Ids, first to last." }),
});

/** What few rules have, kept together. Absent fields are as if they were null. */
export interface RuleOptions {
  readonly forwardQuery?: boolean;
  readonly forwardUtm?: boolean;
  readonly utm?: RuleUtm;
}

export interface RuleRow {
  readonly id: Id<"rule">;
  readonly workspaceId: Id<"ws">;
  readonly parentId: Id<"link"> | Id<"camp">;
  readonly linkId: Id<"link"> | null;
  readonly position: number;
  readonly name: string;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly conditions: Condition;
  readonly destinationUrl: string;
  readonly options: RuleOptions | null;
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Where the link of a rule stands; null for a campaign's. */
export type Place = { readonly domainId: string; readonly slug: string } | null;

export const toRuleCore = (row: RuleRow, place: Place): RuleCore => ({
  id: row.id,
  linkId: row.linkId,
  campaignId: row.linkId === null ? row.parentId : null,
  domainId: place?.domainId ?? null,
  slug: place?.slug ?? null,
  position: row.position,
  name: row.name,
  description: row.description,
  enabled: row.enabled,
  conditions: row.conditions,
  destinationUrl: row.destinationUrl,
  forwardQuery: row.options?.forwardQuery ?? null,
  forwardUtm: row.options?.forwardUtm ?? null,
  utm: row.options?.utm ? wholeUtm(row.options.utm) : null,
  version: row.version,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

const wholeUtm = ({ source, medium, campaign, term, content }: RuleUtm) => ({
  source: source ?? null,
  medium: medium ?? null,
  campaign: campaign ?? null,
  term: term ?? null,
  content: content ?? null,
});
