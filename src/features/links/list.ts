import { and, asc, type Column, count, desc, eq, inArray, type SQL, sql } from "drizzle-orm";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import { type Conditions, conditionsOf } from "./conditions.ts";
import type { LinkFilter, LinkSort } from "./filter.ts";
import type { Link } from "./model.ts";
import { linkOf, selectByTotals, selectLinks, shelves } from "./store.ts";

/** A list counts so many and no more: SQLite counts on the main thread, a million in 0.1 s. */
const COUNTED_MAX = 10_000;

/** Links of the workspace that pass the filter, in the order asked for; ids settle ties. */
export async function listLinks(
  ctx: Context,
  filter: LinkFilter,
  { sortBy, sortOrder }: LinkSort,
  { limit, offset, after }: PageRequest,
): Promise<Page<Link>> {
  const { links, linkTotals } = ctx.db.tables;
  const conditions = await conditionsOf(ctx, filter);
  const { where, few } = conditions;
  const walksTotals = isOfTotals(sortBy) && !few;
  const by = sortColumns(ctx)[sortBy];
  const id = walksTotals ? linkTotals.linkId : links.id;
  const direction = sortOrder === "asc" ? asc : desc;
  const beyond = after ? afterPlace(by, id, sortOrder, after) : undefined;
  const found = walksTotals
    ? selectByTotals(ctx.db.read, ctx, and(onShelf(ctx, filter), where, beyond))
    : selectLinks(ctx.db.read, ctx).where(and(where, beyond));
  const rows = await found
    .orderBy(direction(by), direction(id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit).map((one) => linkOf(ctx, one));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items,
    ...(await totalOf(ctx, filter, conditions)),
    next: last ? { value: sortValueOf[sortBy](last), id: last.row.id } : null,
  };
}

/** All that pass the filter, oldest first, so many at a time: what is made meanwhile may be among them. */
export async function* walkLinks(ctx: Context, filter: LinkFilter, atOnce: number): AsyncGenerator<Link[]> {
  const { links } = ctx.db.tables;
  const { where } = await conditionsOf(ctx, filter);
  let after: { value: number; id: string } | null = null;
  for (;;) {
    const beyond: SQL | undefined = after ? afterPlace(links.createdAt, links.id, "asc", after) : undefined;
    const rows: Row[] = await selectLinks(ctx.db.read, ctx)
      .where(and(where, beyond))
      .orderBy(asc(links.createdAt), asc(links.id))
      .limit(atOnce);
    if (rows.length > 0) yield rows.map((one) => linkOf(ctx, one));
    const last = rows.at(-1);
    if (!last || rows.length < atOnce) return;
    after = { value: last.row.createdAt, id: last.row.id };
  }
}

/** How many there are; of a search for common words, how many there are at least. */
export const countLinks = async (ctx: Context, filter: LinkFilter): Promise<Counted> =>
  countWhere(ctx, filter, await conditionsOf(ctx, filter));

/** Totals are only joined for filters that look at them: without, an index is all that is read. */
export async function countWhere(
  ctx: Context,
  filter: LinkFilter,
  { where, sample }: Pick<Conditions, "where" | "sample">,
): Promise<Counted> {
  const { links, linkTotals } = ctx.db.tables;
  const all = ctx.db.read.select({ total: count() }).from(links);
  const wanted = sample ? and(where, sample) : where;
  const [row] = await (asksTotals(filter)
    ? all.leftJoin(linkTotals, eq(linkTotals.linkId, links.id)).where(wanted)
    : all.where(wanted));
  return { total: row?.total ?? 0, ...(sample && { atLeast: true }) };
}

export interface Counted {
  readonly total: number;
  readonly atLeast?: boolean;
}

/** Totals are only joined for filters that look at them: without, an index is all that is read. */
async function totalOf(ctx: Context, filter: LinkFilter, { where, sample }: Conditions): Promise<Counted> {
  const { links, linkTotals } = ctx.db.tables;
  const all = ctx.db.read.select({ one: sql<number>`1`.as("one") }).from(links);
  const wanted = sample ? and(where, sample) : where;
  const some = (
    asksTotals(filter)
      ? all.leftJoin(linkTotals, eq(linkTotals.linkId, links.id)).where(wanted)
      : all.where(wanted)
  )
    .limit(COUNTED_MAX + 1)
    .as("some");
  const [row] = await ctx.db.read.select({ total: count() }).from(some);
  const total = row?.total ?? 0;
  return total > COUNTED_MAX || sample ? { total: Math.min(total, COUNTED_MAX), atLeast: true } : { total };
}

export const asksTotals = ({ clicksMin, clicksMax, expired: ended }: LinkFilter): boolean =>
  clicksMin !== undefined || clicksMax !== undefined || ended !== undefined;

const isOfTotals = (sortBy: LinkSort["sortBy"]): boolean =>
  ["clicks", "uniqueClicks", "botClicks", "lastClickedAt"].includes(sortBy);

/** The workspace and what `archived` and `deleted` ask for, said of the totals, whose indexes have it. */
function onShelf(ctx: Context, filter: LinkFilter): SQL | undefined {
  const { linkTotals } = ctx.db.tables;
  const whole = eq(linkTotals.workspaceId, workspaceOf(ctx));
  if (filter.deleted) return and(whole, eq(linkTotals.shelf, shelves.trash));
  const { inUse, archived: away } = shelves;
  const wanted = { false: [inUse], true: [away], any: [inUse, away] }[filter.archived ?? "false"];
  return and(whole, inArray(linkTotals.shelf, wanted));
}

type Row = Awaited<ReturnType<typeof selectLinks>>[number];

/** What a column holds where there is nothing: both dialects sort it first. */
const sortColumns = (ctx: Context): Record<LinkSort["sortBy"], SQL | Column> => {
  const { links, linkTotals } = ctx.db.tables;
  return {
    createdAt: links.createdAt,
    updatedAt: links.updatedAt,
    expiresAt: sql`coalesce(${links.expiresAt}, 0)`,
    slug: links.slugKey,
    title: sql`coalesce(${links.title}, '')`,
    clicks: linkTotals.clicks,
    uniqueClicks: linkTotals.uniqueClicks,
    botClicks: linkTotals.botClicks,
    lastClickedAt: sql`coalesce(${linkTotals.lastClickedAt}, 0)`,
  };
};

const sortValueOf: Record<LinkSort["sortBy"], (row: Row) => string | number> = {
  createdAt: ({ row }) => row.createdAt,
  updatedAt: ({ row }) => row.updatedAt,
  expiresAt: ({ row }) => row.expiresAt ?? 0,
  slug: ({ row }) => row.slugKey,
  title: ({ row }) => row.title ?? "",
  clicks: ({ totals }) => totals?.clicks ?? 0,
  uniqueClicks: ({ totals }) => totals?.uniqueClicks ?? 0,
  botClicks: ({ totals }) => totals?.botClicks ?? 0,
  lastClickedAt: ({ totals }) => totals?.lastClickedAt ?? 0,
};
