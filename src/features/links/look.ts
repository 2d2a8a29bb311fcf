import { and, asc, countDistinct, desc, eq, isNotNull, isNull, or, sql } from "drizzle-orm";
import { AppError, notFound } from "../../lib/errors.ts";
import { canonicalSlug, foldSlug, slugOf, slugProblem } from "../../lib/slug.ts";
import type { Context } from "../../platform/context.ts";
import { findDefaultDomain, findDomain } from "../domains/find.ts";
import { reachOf } from "../folders/access.ts";
import { conditionsOf, visible } from "./conditions.ts";
import type { LinkFilter } from "./filter.ts";
import { findLink } from "./find.ts";
import { asksTotals, countLinks, countWhere } from "./list.ts";
import { selectMany, selectTaken } from "./many-store.ts";
import type { Link } from "./model.ts";
import { type Found, linkOf, selectLinks } from "./store.ts";

/** Links by ids, `ext_` and external ids, and short URLs, in the order asked for; what is not there is told. */
export async function infoOf(
  ctx: Context,
  names: readonly string[],
  urls: readonly string[],
): Promise<{ links: Link[]; missing: string[] }> {
  const { read } = ctx.db;
  const by = {
    ids: names.filter((name) => name.startsWith("link_")),
    externalIds: names.flatMap((name) => (name.startsWith("ext_") ? [name.slice(4)] : [])),
  };
  const named = await selectMany(read, ctx, by, visible(ctx, await reachOf(read, ctx)));
  const byName = new Map<string, Found>();
  for (const one of named) byName.set(one.row.id, one).set(`ext_${one.row.externalId}`, one);
  for (const url of urls) {
    const found = await byShortUrl(ctx, url);
    if (found) byName.set(url, found);
  }
  const asked = [...names, ...urls];
  return {
    links: asked.flatMap((name) => byName.get(name) ?? []).map((one) => linkOf(ctx, one)),
    missing: asked.filter((name) => !byName.has(name)),
  };
}

async function byShortUrl(ctx: Context, text: string): Promise<Found | undefined> {
  const url = URL.parse(text.includes("://") ? text : `https://${text}`);
  const slug = url && slugOf(url.pathname);
  if (!url || slug === null) return undefined;
  return findLink(ctx.db.read, ctx, { link: `/${slug}`, domain: url.hostname }).catch((error: unknown) => {
    if (error instanceof AppError) return undefined;
    throw error;
  });
}

/** Whether a slug is in use, by whichever workspace, or could not be chosen. */
export async function slugState(
  ctx: Context,
  { slug: text, domain: named }: { readonly slug: string; readonly domain?: string | undefined },
): Promise<{ exists: boolean; free: boolean; reason: string | null }> {
  const { read } = ctx.db;
  const domain = await (named === undefined ? findDefaultDomain(read, ctx) : findDomain(read, ctx, named));
  const slug = canonicalSlug(text);
  const problem = slugProblem(slug);
  if (problem !== null) return { exists: false, free: false, reason: problem };
  const taken = await selectTaken(read, ctx, domain.id, [foldSlug(slug, domain.caseSensitive)]);
  const exists = taken.length > 0;
  return { exists, free: !exists, reason: exists ? "The slug is in use, or rests in the trash." : null };
}

/** Any link that passes the filter, each as likely; of a search for common words, one of the newest. @throws AppError NOT_FOUND when none does */
export async function randomLink(ctx: Context, filter: LinkFilter): Promise<Link> {
  const { total } = await countLinks(ctx, filter);
  if (total === 0) throw notFound("link");
  const { links } = ctx.db.tables;
  const [found] = await selectLinks(ctx.db.read, ctx)
    .where((await conditionsOf(ctx, filter)).where)
    .orderBy(desc(links.createdAt), desc(links.id))
    .limit(1)
    .offset(crypto.getRandomValues(new Uint32Array(1))[0]! % total);
  if (!found) throw notFound("link");
  return linkOf(ctx, found);
}

export const groupings = [
  "domain",
  "tag",
  "createdBy",
  "redirectStatus",
  "enabled",
  "folderId",
  "campaignId",
] as const;
export type Grouping = (typeof groupings)[number];
const GROUPS_MAX = 100;

/** How many links that pass the filter have each value, the most first; a link counts with each of its tags. */
export async function countBy(
  ctx: Context,
  filter: LinkFilter,
  by: Grouping,
): Promise<{ count: number; atLeast?: boolean; groups: { value: string | null; count: number }[] }> {
  const { links, linkTags, linkTotals, domains, tags } = ctx.db.tables;
  const passing = await conditionsOf(ctx, filter);
  const { total, atLeast } = await countWhere(ctx, filter, passing);
  const tag = sql<string>`coalesce("after"."name", ${tags.name})`;
  const column = { ...links, domain: domains.host, tag }[by];
  const each = countDistinct(links.id);
  const all = ctx.db.read
    .select({ value: sql<unknown>`${column}`, count: each })
    .from(links)
    .$dynamic();
  if (asksTotals(filter)) all.leftJoin(linkTotals, eq(linkTotals.linkId, links.id));
  if (by === "domain") all.innerJoin(domains, eq(domains.id, links.domainId));
  if (by === "tag")
    all
      .innerJoin(linkTags, eq(linkTags.linkId, links.id))
      .innerJoin(tags, and(eq(tags.id, linkTags.tagId), or(isNull(tags.goneAt), isNotNull(tags.mergedInto))))
      .leftJoin(sql`${tags} as "after"`, sql`"after"."id" = ${tags.mergedInto}`);
  const wanted = passing.sample ? and(passing.where, passing.sample) : passing.where;
  const rows = await all.where(wanted).groupBy(column).orderBy(desc(each), asc(column)).limit(GROUPS_MAX);
  return {
    count: total,
    ...(atLeast && { atLeast }),
    groups: rows.map(({ value, count: n }) => ({ value: value === null ? null : String(value), count: n })),
  };
}
