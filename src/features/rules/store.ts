import { and, asc, count, eq, gt, inArray, max, type SQL } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { isId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { StoredRules } from "../../redirect/rules.ts";
import type { Home } from "./home.ts";
import type { Place, RuleRow } from "./model.ts";
import type { SplitRow } from "./split-model.ts";

export type Reader = Pick<Tx, "select">;

const mine = (ctx: Context): SQL => eq(ctx.db.tables.rules.workspaceId, workspaceOf(ctx));

export async function selectRule(read: Reader, ctx: Context, id: string): Promise<RuleRow | undefined> {
  const { rules } = ctx.db.tables;
  if (!isId("rule", id)) return undefined;
  const [row] = await read
    .select()
    .from(rules)
    .where(and(mine(ctx), eq(rules.id, id)))
    .limit(1);
  return row as RuleRow | undefined;
}

/** In the order they are asked. */
export async function selectRules(
  read: Reader,
  ctx: Context,
  parentId: Home["parentId"],
  page: { readonly limit: number; readonly offset: number; readonly beyond?: SQL | undefined } = {
    limit: 1000,
    offset: 0,
  },
): Promise<RuleRow[]> {
  const { rules } = ctx.db.tables;
  const rows = await read
    .select()
    .from(rules)
    .where(and(mine(ctx), eq(rules.parentId, parentId), page.beyond))
    .orderBy(asc(rules.position), asc(rules.id))
    .limit(page.limit)
    .offset(page.offset);
  return rows as RuleRow[];
}

export async function countRules(
  read: Reader,
  ctx: Context,
  parentId: Home["parentId"],
): Promise<{ readonly total: number; readonly last: number }> {
  const { rules } = ctx.db.tables;
  const [row] = await read
    .select({ total: count(), last: max(rules.position) })
    .from(rules)
    .where(and(mine(ctx), eq(rules.parentId, parentId)));
  return { total: row?.total ?? 0, last: row?.last ?? 0 };
}

/** Rules of the workspace by age, with the places of their links. */
export async function selectAllRules(
  ctx: Context,
  page: { readonly limit: number; readonly offset: number; readonly afterId: string | null },
): Promise<{ row: RuleRow; place: Place }[]> {
  const { rules, links } = ctx.db.tables;
  const beyond = page.afterId === null ? undefined : gt(rules.id, page.afterId as RuleRow["id"]);
  const rows = await ctx.db.read
    .select({ row: rules, place: { domainId: links.domainId, slug: links.slug } })
    .from(rules)
    .leftJoin(links, eq(links.id, rules.linkId))
    .where(and(mine(ctx), beyond))
    .orderBy(asc(rules.id))
    .limit(page.limit)
    .offset(page.offset);
  return rows as { row: RuleRow; place: Place }[];
}

export const countAllRules = (ctx: Context): Promise<number> =>
  ctx.db.read.$count(ctx.db.tables.rules, mine(ctx));

export const insertRule = async (tx: Tx, ctx: Context, row: RuleRow): Promise<void> =>
  void (await tx.insert(ctx.db.tables.rules).values(row));

export async function updateRuleRow(tx: Tx, ctx: Context, row: RuleRow): Promise<void> {
  const { rules } = ctx.db.tables;
  await tx
    .update(rules)
    .set(row)
    .where(and(mine(ctx), eq(rules.id, row.id)));
}

export async function deleteRuleRow(tx: Tx, ctx: Context, row: RuleRow): Promise<void> {
  const { rules } = ctx.db.tables;
  await tx.delete(rules).where(and(mine(ctx), eq(rules.id, row.id)));
}

export async function selectSplit(
  read: Reader,
  ctx: Context,
  parentId: SplitRow["parentId"],
): Promise<SplitRow | undefined> {
  const { splits } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(splits)
    .where(and(eq(splits.workspaceId, workspaceOf(ctx)), eq(splits.parentId, parentId)))
    .limit(1);
  return row as SplitRow | undefined;
}

export async function storeSplit(tx: Tx, ctx: Context, row: SplitRow): Promise<void> {
  const { splits } = ctx.db.tables;
  await tx.insert(splits).values(row).onConflictDoUpdate({ target: splits.parentId, set: row });
}

export async function deleteSplitRow(tx: Tx, ctx: Context, row: SplitRow): Promise<void> {
  const { splits } = ctx.db.tables;
  await tx
    .delete(splits)
    .where(and(eq(splits.workspaceId, workspaceOf(ctx)), eq(splits.parentId, row.parentId)));
}

/** Splits of these parents. */
export async function selectSplits(
  read: Reader,
  ctx: Context,
  parentIds: readonly SplitRow["parentId"][],
): Promise<SplitRow[]> {
  if (parentIds.length === 0) return [];
  const { splits } = ctx.db.tables;
  const rows = await read
    .select()
    .from(splits)
    .where(and(eq(splits.workspaceId, workspaceOf(ctx)), inArray(splits.parentId, [...parentIds])));
  return rows as SplitRow[];
}

/** What the redirect reads; null takes it away. */
export async function storeRuleSet(
  tx: Tx,
  ctx: Context,
  { parentId, linkId }: Home,
  set: StoredRules | null,
): Promise<void> {
  const { ruleSets } = ctx.db.tables;
  if (set === null) {
    await tx.delete(ruleSets).where(eq(ruleSets.parentId, parentId));
    return;
  }
  const row = { parentId, linkId, workspaceId: workspaceOf(ctx), rules: set.rules, split: set.split };
  await tx.insert(ruleSets).values(row).onConflictDoUpdate({ target: ruleSets.parentId, set: row });
}
