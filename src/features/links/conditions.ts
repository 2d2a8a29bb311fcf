import {
  and,
  eq,
  exists,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  notInArray,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { momentOf } from "../../platform/schema.ts";
import { destinationHash, destinationOf } from "../domains/destination.ts";
import { findDomain } from "../domains/find.ts";
import { type Reach, reachOf } from "../folders/access.ts";
import { foldersWithin } from "../folders/within.ts";
import { tagIdsOf } from "../tags/take.ts";
import type { LinkFilter } from "./filter.ts";
import { searchFor } from "./search.ts";
import { mine } from "./store.ts";

/** What a filter asks for, as the database is asked. */
export interface Conditions {
  readonly where: SQL | undefined;
  /** A search for common words is not counted: these are links among the newest that it finds. */
  readonly sample: SQL | null;
  /**
   * Folder, campaign and tags leave few links: they are looked up and then sorted. With many, or without such a filter, links
   * are walked through in their order until the page is full.
   */
  readonly few: boolean;
}

/** So many links are sorted within 30 ms on SQLite, which does it on the main thread. */
const FEW = 10_000;

export async function conditionsOf(ctx: Context, filter: LinkFilter): Promise<Conditions> {
  const reach = await reachOf(ctx.db.read, ctx);
  const search = filter.search === undefined ? undefined : await searchFor(ctx, filter.search);
  const narrow = await narrowing(ctx, filter, reach);
  const where = and(
    mine(ctx),
    visible(ctx, reach),
    search === undefined ? undefined : (search?.where ?? sql`false`),
    ...narrow.where,
    await plain(ctx, filter),
  );
  return { where, sample: search?.sample ?? null, few: narrow.few || isExact(search) };
}

/** A search whose rows are known: they are few. */
const isExact = (search: Awaited<ReturnType<typeof searchFor>> | undefined): boolean =>
  search !== undefined && search?.sample === null;

/** Links in folders that are closed to the caller are not there. */
export function visible(ctx: Context, reach: Reach): SQL | undefined {
  const { folderId } = ctx.db.tables.links;
  return reach.hidden.size === 0
    ? undefined
    : or(isNull(folderId), notInArray(folderId, [...reach.hidden] as Id<"fold">[]));
}

/** The filters that an index can begin with. Where they leave many, they are written so that it does not. */
async function narrowing(ctx: Context, filter: LinkFilter, reach: Reach) {
  const { links, linkTags } = ctx.db.tables;
  const { read } = ctx.db;
  const sized = async (some: Counted): Promise<boolean> => {
    const [row] = await read.select({ total: sql<number>`count(*)`.mapWith(Number) }).from(some);
    return (row?.total ?? 0) <= FEW;
  };
  const first = <T extends { limit(count: number): { as(name: string): Counted } }>(query: T): Counted =>
    query.limit(FEW + 1).as("some");
  const one = { one: sql<number>`1`.as("one") };
  const where: (SQL | undefined)[] = [];
  let few = false;
  const add = (isFew: boolean, looked: SQL | undefined, walked: SQL | undefined) => {
    few ||= isFew;
    where.push(isFew ? looked : walked);
  };

  const folders = await foldersOf(ctx, filter, reach);
  if (folders === "none") where.push(isNull(links.folderId));
  else if (folders) {
    const inside = inArray(links.folderId, folders);
    const isFew = await sized(
      first(
        read
          .select(one)
          .from(links)
          .where(and(mine(ctx), inside)),
      ),
    );
    add(isFew, inside, inArray(sql`coalesce(${links.folderId}, '')`, folders));
  }
  if (filter.campaignId !== undefined) {
    const of = eq(links.campaignId, filter.campaignId as Id<"camp">);
    const isFew = await sized(
      first(
        read
          .select(one)
          .from(links)
          .where(and(mine(ctx), of)),
      ),
    );
    add(isFew, of, sql`coalesce(${links.campaignId}, '') = ${filter.campaignId}`);
  }
  if (filter.tag !== undefined) {
    const ids = await tagIdsOf(read, ctx, filter.tag.split(","));
    const groups = filter.tagMode === "all" ? ids : [ids.flat()];
    for (const group of groups) {
      const having = inArray(linkTags.tagId, group);
      const isFew = await sized(first(read.select(one).from(linkTags).where(having)));
      const ofLink = and(eq(linkTags.linkId, links.id), having);
      add(
        isFew,
        inArray(links.id, read.select({ id: linkTags.linkId }).from(linkTags).where(having)),
        exists(read.select({ one: sql`1` }).from(linkTags).where(ofLink)),
      );
    }
  }
  return { where, few };
}

// biome-ignore lint/suspicious/noExplicitAny: a subquery of any shape; its rows are counted and nothing else
type Counted = any;

/** The folders that are meant, those in them too if they are; null without such a filter. */
async function foldersOf(ctx: Context, { folderId, subfolders }: LinkFilter, reach: Reach) {
  if (folderId === undefined) return null;
  if (folderId === "none") return "none";
  const meant = subfolders ? await foldersWithin(ctx.db.read, ctx, folderId) : [folderId as Id<"fold">];
  return meant.filter((id) => !reach.hidden.has(id));
}

/** The filters that are asked of each link. */
async function plain(ctx: Context, filter: LinkFilter): Promise<SQL | undefined> {
  const { links, linkTotals } = ctx.db.tables;
  const clicks = sql`coalesce(${linkTotals.clicks}, 0)`;
  return and(
    filter.deleted ? isNotNull(links.deletedAt) : isNull(links.deletedAt),
    archived(ctx, filter.archived ?? (filter.deleted ? "any" : "false")),
    filter.domain === undefined
      ? undefined
      : eq(links.domainId, (await findDomain(ctx.db.read, ctx, filter.domain)).id),
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
