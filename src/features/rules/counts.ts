import { type Context, workspaceOf } from "../../platform/context.ts";
import { RULES_MAX, type Rule, type RuleCore } from "./model.ts";
import { VARIANTS_MAX } from "./split-model.ts";

export interface Counts {
  readonly clicks: number;
  readonly uniqueClicks: number;
}
const none: Counts = { clicks: 0, uniqueClicks: 0 };

/** Rules and variants that are no more have left clicks behind, too. */
const GROUPS_MAX = 10 * RULES_MAX * VARIANTS_MAX;

/** Clicks of a link by the rule, or the variant, that sent them on. Nothing is asked for a campaign. */
export async function countsBy(
  ctx: Context,
  groupBy: "rule" | "variant",
  { linkId }: { readonly linkId: string | null },
): Promise<(id: string) => Counts> {
  if (linkId === null) return () => none;
  const { rows } = await ctx.clicks.query({
    workspaceId: workspaceOf(ctx),
    from: 0,
    to: ctx.clock.now() + 1,
    timezone: "UTC",
    where: { link: [linkId] },
    groupBy,
    measures: ["clicks", "uniqueClicks"],
    limit: GROUPS_MAX,
  });
  const found = new Map(rows.map(({ group, clicks, uniqueClicks }) => [group, { clicks, uniqueClicks }]));
  return (id) => found.get(id) ?? none;
}

/** Rules of one link or campaign with their numbers. */
export async function withCounts(
  ctx: Context,
  parent: { readonly linkId: string | null },
  rules: readonly RuleCore[],
): Promise<Rule[]> {
  const counts = rules.length === 0 ? () => none : await countsBy(ctx, "rule", parent);
  return rules.map((rule) => ({ ...rule, ...counts(rule.id) }));
}
