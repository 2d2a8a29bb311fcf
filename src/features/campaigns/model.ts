import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { isoOf, nameText, nullable, oneOf, plainName, strict, Time } from "../../platform/schema.ts";
import { moneyOf } from "./money.ts";

export const statuses = ["active", "paused", "archived"] as const;
const Status = oneOf(
  statuses,
  "`paused`: its links lead where they lead by themselves, its rules are out of force. `archived`: the same, and it takes no more links.",
);
const CostModel = oneOf(
  ["cpc", "cpm", "cpa", "revshare", "flat"],
  "What is paid for: a click, a thousand clicks, a conversion, a share of revenue in per cent, or all of it at once.",
);
const Amount = (description: string) =>
  t.String({
    pattern: "^\\d{1,9}(\\.\\d{1,6})?$",
    maxLength: 16,
    description: `${description} An amount such as 12.50`,
    examples: ["12.50"],
  });
const GOALS_MAX = 10;
const Goal = strict({
  name: nameText(100),
  metric: oneOf(["clicks", "uniqueClicks", "leads", "sales", "revenue"]),
  target: t.Integer({
    minimum: 1,
    maximum: 1_000_000_000_000,
    description: "How many; of revenue, how much of the currency.",
  }),
});

const settings = {
  description: t.Optional(nullable(t.String({ maxLength: 2000 }))),
  status: t.Optional(Status),
  costModel: t.Optional(nullable(CostModel)),
  costAmount: t.Optional(nullable(Amount("What one costs."))),
  currency: t.Optional(
    nullable(t.String({ pattern: "^[A-Z]{3}$", maxLength: 3, description: "ISO 4217", examples: ["EUR"] })),
  ),
  dailyBudget: t.Optional(nullable(Amount("For each day of the workspace's time zone."))),
  totalBudget: t.Optional(nullable(Amount("For all days together."))),
  thresholds: t.Optional(
    t.Array(t.Integer({ minimum: 1, maximum: 1000 }), {
      maxItems: 10,
      uniqueItems: true,
      description: "Per cent of a budget at which somebody wants to be told.",
    }),
  ),
  goals: t.Optional(t.Array(Goal, { maxItems: GOALS_MAX })),
};

export const NewCampaign = strict({ name: nameText(100, { examples: ["Spring sale"] }), ...settings });
export type NewCampaign = typeof NewCampaign.static;
export const CampaignPatch = strict({ name: t.Optional(nameText(100)), ...settings });
export type CampaignPatch = typeof CampaignPatch.static;

const core = {
  id: t.String({ examples: ["camp_01jd0000000000000000000000"] }),
  name: t.String(),
  description: nullable(t.String()),
  status: Status,
  costModel: nullable(CostModel),
  costAmount: nullable(t.String()),
  currency: nullable(t.String()),
  dailyBudget: nullable(t.String()),
  totalBudget: nullable(t.String()),
  thresholds: t.Array(t.Integer()),
  goals: t.Array(t.Object({ name: t.String(), metric: Goal.properties.metric, target: t.Integer() })),
  createdBy: t.String(),
  createdAt: Time,
  updatedAt: Time,
};
/** A campaign without its numbers: what events tell. */
export const CampaignCore = t.Object(core, { $id: "CampaignCore" });
export type CampaignCore = typeof CampaignCore.static;
export const Campaign = t.Object(
  { ...core, links: t.Integer({ description: "Links that belong to it, those in the trash left out." }) },
  { $id: "Campaign" },
);
export type Campaign = typeof Campaign.static;

export const campaignQuery = {
  status: t.Optional(oneOf([...statuses, "any"], "Archived campaigns are left out by default.")),
};

export type CampaignRow = Database["tables"]["campaigns"]["$inferSelect"];

/** What the world may see of a row, and nothing else. */
export const toCampaignCore = (row: CampaignRow): CampaignCore => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  costModel: row.costModel,
  costAmount: moneyOf(row.costAmount),
  currency: row.currency,
  dailyBudget: moneyOf(row.dailyBudget),
  totalBudget: moneyOf(row.totalBudget),
  thresholds: row.thresholds,
  goals: row.goals,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export function campaignNamed(text: string): { readonly name: string; readonly nameKey: string } {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}
