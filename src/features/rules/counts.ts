import { type Context, workspaceOf } from "../../platform/context.ts";
import type { Rule, RuleCore } from "./model.ts";

export interface Counts {
  readonly clicks: number;
  readonly uniqueClicks: number;
}
const none: Counts = { clicks: 0, uniqueClicks: 0 };

/** Clicks by the rule, or the variant, that sent them on. All are a link's when it is named, which is found sooner. */
export async function countsBy(
  ctx: Context,
  dimension: "rule" | "variant",
  ids: readonly string[],
  linkId: string | null,
): Promise<(id: string) => Counts> {
  if (ids.length === 0) return () => none;
  const { rows } = await ctx.clicks.query({
    workspaceId: workspaceOf(ctx),
    from: 0,
    to: ctx.clock.now() + 1,
    timezone: "UTC",
    where: { [dimension]: ids, ...(linkId === null ? {} : { link: [linkId] }) },
    groupBy: dimension,
    measures: ["clicks", "uniqueClicks"],
    limit: ids.length,
  });
  const found = new Map(rows.map(({ group, clicks, uniqueClicks }) => [group, { clicks, uniqueClicks }]));
  return (id) => found.get(id) ?? none;
}

/** Rules with their numbers. */
export async function withCounts(
  ctx: Context,
  rules: readonly RuleCore[],
  linkId: string | null = null,
): Promise<Rule[]> {
  const counts = await countsBy(
    ctx,
    "rule",
    rules.map(({ id }) => id),
    linkId,
  );
  return rules.map((rule) => ({ ...rule, ...counts(rule.id) }));
}
