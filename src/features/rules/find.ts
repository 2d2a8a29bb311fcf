import { notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { findLink } from "../links/find.ts";
import { withCounts } from "./counts.ts";
import { type Place, type Rule, type RuleRow, toRuleCore } from "./model.ts";
import { type Reader, selectRule } from "./store.ts";

/** How a rule is named in a path: its id, and beside it the link it must hang on. */
export interface RuleName {
  readonly rule: string;
  readonly link?: string | undefined;
  /** Host or id, when the link is named by its slug. */
  readonly domain?: string | undefined;
}

/** @throws AppError NOT_FOUND, for rules of other workspaces and other links too */
export async function findRule(
  read: Reader,
  ctx: Context,
  { rule, link, domain }: RuleName,
): Promise<RuleRow> {
  const row = await selectRule(read, ctx, rule);
  if (!row) throw notFound("rule");
  if (link === undefined) return row;
  const { row: named } = await findLink(read, ctx, { link, domain });
  if (named.id !== row.linkId) throw notFound("rule");
  return row;
}

export async function readRule(ctx: Context, name: RuleName): Promise<Rule> {
  const row = await findRule(ctx.db.read, ctx, name);
  const [rule] = await withCounts(ctx, [toRuleCore(row, await placeOf(ctx.db.read, ctx, row))], row.linkId);
  return rule!;
}

export const placeOf = async (
  read: Reader,
  ctx: Context,
  { linkId }: Pick<RuleRow, "linkId">,
): Promise<Place> => (linkId === null ? null : (await findLink(read, ctx, { link: linkId })).row);
