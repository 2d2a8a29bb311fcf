import {
  and,
  asc,
  type Column,
  count,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import { momentOf } from "../../platform/schema.ts";
import { destinationHash, destinationOf } from "../domains/destination.ts";
import { findDomain } from "../domains/find.ts";
import type { LinkFilter, LinkSort } from "./filter.ts";
import type { Link } from "./model.ts";
import { matches } from "./search.ts";
import { linkOf, mine, selectByTotals, selectLinks, shelves } from "./store.ts";

/** Links of the workspace that pass the filter, in the order asked for; ids settle ties. */
export async function listLinks(
  ctx: Context,
  filter: LinkFilter,
  { sortBy, sortOrder }: LinkSort,
  { limit, offset, after }: PageRequest,
): Promise<Page<Link>> {
  const { links, linkTotals } = ctx.db.tables;
  const byTotals = isOfTotals(sortBy);
  const by = sortColumns(ctx)[sortBy];
  const id = byTotals ? linkTotals.linkId : links.id;
  const direction = sortOrder === "asc" ? asc : desc;
  const beyond = after ? afterPlace(by, id, sortOrder, after) : undefined;
  const where = await conditions(ctx, filter);
  const found = byTotals
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
    total: await countWhere(ctx, filter, where),
    next: last ? { value: sortValueOf[sortBy](last), id: last.row.id } : null,
  };
}

/** All that pass the filter, oldest first, so many at a time: what is made meanwhile may be among them. */
export async function* walkLinks(ctx: Context, filter: LinkFilter, atOnce: number): AsyncGenerator<Link[]> {
  const { links } = ctx.db.tables;
  const where = await conditions(ctx, filter);
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

export const countLinks = async (ctx: Context, filter: LinkFilter): Promise<number> =>
  countWhere(ctx, filter, await conditions(ctx, filter));

/** Totals are only joined for filters that look at them: without, an index is all that is read. */
export async function countWhere(ctx: Context, filter: LinkFilter, where: SQL | undefined): Promise<number> {
  const { links, linkTotals } = ctx.db.tables;
  const all = ctx.db.read.select({ total: count() }).from(links);
  const [row] = await (asksTotals(filter)
    ? all.leftJoin(linkTotals, eq(linkTotals.linkId, links.id)).where(where)
    : all.where(where));
  return row?.total ?? 0;
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

export async function conditions(ctx: Context, filter: LinkFilter): Promise<SQL | undefined> {
  const { links, linkTotals } = ctx.db.tables;
  const clicks = sql`coalesce(${linkTotals.clicks}, 0)`;
  return and(
    mine(ctx),
    filter.deleted ? isNotNull(links.deletedAt) : isNull(links.deletedAt),
    archived(ctx, filter.archived ?? (filter.deleted ? "any" : "false")),
    filter.domain === undefined
      ? undefined
      : eq(links.domainId, (await findDomain(ctx.db.read, ctx, filter.domain)).id),
    filter.tag === undefined ? undefined : tagged(ctx, filter.tag.split(","), filter.tagMode ?? "any"),
    ...(filter.search === undefined ? [] : matches(links, filter.search)),
    switched(ctx, filter.enabled),
    filter.externalId === undefined ? undefined : eq(links.externalId, filter.externalId),
    filter.createdBy === undefined ? undefined : eq(links.createdBy, filter.createdBy),
    filter.destinationUrl === undefined
      ? undefined
      : eq(links.destinationHash, hashOfText(filter.destinationUrl)),
    filter.createdFrom === undefined
      ? undefined
      : gte(links.createdAt, momentOf("/createdFrom", filter.createdFrom)),
    filter.createdTo === undefined
      ? undefined
      : lt(links.createdAt, momentOf("/createdTo", filter.createdTo)),
    filter.clicksMin === undefined ? undefined : gte(clicks, filter.clicksMin),
    filter.clicksMax === undefined ? undefined : lte(clicks, filter.clicksMax),
    filter.expired === undefined ? undefined : expired(ctx, filter.expired),
  );
}

const hashOfText = (text: string) => destinationHash(destinationOf("/destinationUrl", text).href);

function archived(ctx: Context, wanted: NonNullable<LinkFilter["archived"]>): SQL | undefined {
  const { links } = ctx.db.tables;
  if (wanted === "any") return undefined;
  return wanted === "true" ? isNotNull(links.archivedAt) : isNull(links.archivedAt);
}

/** Written as the index of those that are switched off has it: as a parameter, no planner would know it. */
function switched({ db }: Context, on: boolean | undefined): SQL | undefined {
  const { enabled } = db.tables.links;
  if (on === undefined) return undefined;
  return on ? sql`${enabled}` : sql`not ${enabled}`;
}

/** By date or because its clicks are used up. */
function expired(ctx: Context, wanted: boolean): SQL | undefined {
  const { links, linkTotals } = ctx.db.tables;
  const now = ctx.clock.now();
  const used = sql`coalesce(${linkTotals.clicks}, 0) >= ${links.clicksLimit}`;
  return wanted
    ? or(lte(links.expiresAt, now), and(isNotNull(links.clicksLimit), used))
    : and(
        or(isNull(links.expiresAt), gt(links.expiresAt, now)),
        or(isNull(links.clicksLimit), sql`not (${used})`),
      );
}

function tagged(ctx: Context, tags: readonly string[], mode: "any" | "all"): SQL | undefined {
  const { links, linkTags } = ctx.db.tables;
  const having = (wanted: readonly string[]) =>
    inArray(
      links.id,
      ctx.db.read
        .select({ id: linkTags.linkId })
        .from(linkTags)
        .where(and(eq(linkTags.workspaceId, workspaceOf(ctx)), inArray(linkTags.tag, [...wanted]))),
    );
  return mode === "any" ? having(tags) : and(...tags.map((tag) => having([tag])));
}
