import type { Context } from "../../platform/context.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import type { LinkName } from "../links/find.ts";
import { withCounts } from "./counts.ts";
import { homeOfLink } from "./home.ts";
import { type Rule, toRuleCore } from "./model.ts";
import { countAllRules, countRules, selectAllRules, selectRules } from "./store.ts";

/** Rules of a link in the order they are asked, with their numbers. */
export async function listLinkRules(
  ctx: Context,
  name: LinkName,
  { limit, offset, after }: PageRequest,
): Promise<Page<Rule>> {
  const { read, tables } = ctx.db;
  const home = await homeOfLink(read, ctx, name);
  const beyond = after ? afterPlace(tables.rules.position, tables.rules.id, "asc", after) : undefined;
  const [rows, { total }] = await Promise.all([
    selectRules(read, ctx, home.parentId, { limit: limit + 1, offset, beyond }),
    countRules(read, ctx, home.parentId),
  ]);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const cores = shown.map((row) => toRuleCore(row, home.place));
  return {
    items: await withCounts(ctx, cores, home.linkId),
    total,
    next: last ? { value: last.position, id: last.id } : null,
  };
}

/** Rules of all links and campaigns, oldest first. */
export async function listRules(ctx: Context, { limit, offset, after }: PageRequest): Promise<Page<Rule>> {
  const [rows, total] = await Promise.all([
    selectAllRules(ctx, { limit: limit + 1, offset, afterId: after?.id ?? null }),
    countAllRules(ctx),
  ]);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    items: await withCounts(
      ctx,
      shown.map(({ row, place }) => toRuleCore(row, place)),
    ),
    total,
    next: last ? { value: null, id: last.row.id } : null,
  };
}
