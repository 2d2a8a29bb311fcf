import { Type as t } from "@sinclair/typebox";
import { invalid } from "../../lib/errors.ts";
import { nullable, oneOf, strict } from "../../platform/schema.ts";

/** What a link costs, for reports: a click, a thousand views, an acquisition, or a share of the revenue. */
export const Cost = strict(
  {
    model: oneOf(["cpc", "cpm", "cpa", "revshare"]),
    amount: t.Number({
      minimum: 0,
      maximum: 1_000_000_000,
      description: "Of the currency, with four decimals at most; per cent for revshare.",
      examples: [0.25],
    }),
    currency: t.Optional(
      nullable(
        t.String({
          pattern: "^[A-Z]{3}$",
          maxLength: 3,
          description: "a currency of ISO 4217, such as EUR",
          examples: ["EUR"],
        }),
      ),
    ),
  },
  "What the link costs. `revshare` is in per cent and has no currency.",
);
export type Cost = typeof Cost.static;

/** @throws AppError VALIDATION_ERROR */
export function checkCost({ model, amount, currency }: Cost): Required<Cost> {
  if (Math.round(amount * 10_000) / 10_000 !== amount)
    throw invalid("/cost/amount", "cost.amount has more than four decimals");
  if (model !== "revshare" && !currency)
    throw invalid("/cost/currency", `cost.currency is needed for ${model}`);
  if (model === "revshare" && currency) throw invalid("/cost/currency", "revshare has no currency");
  if (model === "revshare" && amount > 100) throw invalid("/cost/amount", "revshare is 100 per cent at most");
  return { model, amount, currency: currency ?? null };
}
