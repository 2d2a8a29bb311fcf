import { and, desc, eq, gte, inArray, isNull, lt, type SQL, sql } from "drizzle-orm";
import { searchIndex } from "../../db/search.ts";
import type { Id } from "../../lib/ids.ts";
import { canonicalSlug } from "../../lib/slug.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { reachOf } from "../folders/access.ts";
import { visible } from "./conditions.ts";
import type { Link } from "./model.ts";
import { soughtIn } from "./search.ts";
import { linkOf, mine, selectLinks } from "./store.ts";
import { wordsOf } from "./words.ts";

/** So many of the newest that fit are put in order; behind them nobody looks. */
const RANKED_MAX = 300;
const LOOKED_AT = 3000;

interface Candidate {
  readonly id: Id<"link">;
  readonly slug: string;
  readonly title: string | null;
  readonly searchText: string;
  readonly archivedAt: number | null;
  readonly clicks: number | null;
  readonly createdAt: number;
}

/**
 * The links that somebody who types this most likely means, best first: a slug that is this, or begins so, then titles and
 * whole words, then the rest; among equals the more clicked, then the newer one. Of very common words the newest are looked
 * at. Those in the trash are left out.
 */
export async function rankedLinks(ctx: Context, text: string, limit: number): Promise<Link[]> {
  const found = new Map((await candidates(ctx, text)).map((one) => [one.id, one]));
  const words = wordsOf(text);
  const slug = slugIn(text);
  const best = [...found.values()]
    .map((one) => ({ id: one.id, score: scoreOf(one, slug, words), createdAt: one.createdAt }))
    .sort((a, b) => b.score - a.score || b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
  if (best.length === 0) return [];
  const ids = best.map(({ id }) => id);
  const rows = await selectLinks(ctx.db.read, ctx).where(
    and(mine(ctx), inArray(ctx.db.tables.links.id, ids)),
  );
  const byId = new Map(rows.map((row) => [row.row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row ? [linkOf(ctx, row)] : [];
  });
}

async function candidates(ctx: Context, text: string): Promise<Candidate[]> {
  const { links } = ctx.db.tables;
  const seen = and(mine(ctx), isNull(links.deletedAt), visible(ctx, await reachOf(ctx.db.read, ctx)));
  const slug = slugIn(text);
  const bySlug =
    slug === ""
      ? []
      : await some(
          ctx,
          and(seen, gte(links.slugKey, slug), lt(links.slugKey, `${slug}\u{10ffff}`)),
          links.slugKey,
        );
  const wanted = await soughtIn(ctx, text);
  if (wanted.length === 0) return bySlug;
  const index = searchIndex(ctx.db, workspaceOf(ctx));
  const newest = desc(links.createdAt);
  if (index.newest === null) return [...bySlug, ...(await some(ctx, and(seen, index.all(wanted)), newest))];
  const looked = await ctx.db.read
    .select({ id: sql<number>`id`, ok: sql<number>`ok` })
    .from(index.newest(wanted, LOOKED_AT));
  const ids = looked.filter(({ ok }) => ok === 1).map(({ id }) => id);
  const isEnough = looked.length < LOOKED_AT || ids.length >= RANKED_MAX;
  const where = isEnough ? index.among(ids.slice(0, RANKED_MAX)) : index.all(wanted);
  return [...bySlug, ...(await some(ctx, and(seen, where), isEnough ? null : newest))];
}

/** The first of those that fit, with what they are put in order by. */
async function some(
  ctx: Context,
  where: SQL | undefined,
  order: SQL | typeof ctx.db.tables.links.slugKey | null,
): Promise<Candidate[]> {
  const { links, linkTotals } = ctx.db.tables;
  const { id, slug, title, searchText, archivedAt, createdAt } = links;
  const all = ctx.db.read
    .select({ id, slug, title, searchText, archivedAt, createdAt, clicks: linkTotals.clicks })
    .from(links)
    .leftJoin(linkTotals, eq(linkTotals.linkId, links.id))
    .where(where);
  return (order === null ? all : all.orderBy(order)).limit(RANKED_MAX);
}

/** The slug that may be meant: of a whole short URL its path, else the text as it is. */
function slugIn(text: string): string {
  const path = /^(?:https?:\/\/)?[^\s/]+\.[^\s/]+\/([^\s?#]+)/i.exec(text.trim())?.[1] ?? text.trim();
  return path.includes(" ") ? "" : canonicalSlug(path).toLowerCase();
}

function scoreOf(one: Candidate, slug: string, words: readonly string[]): number {
  const own = one.slug.toLowerCase();
  const title = (one.title ?? "").toLowerCase();
  const bySlug = slug === "" ? 0 : own === slug ? 1000 : own.startsWith(slug) ? 300 : 0;
  const padded = `${one.searchText} `;
  const whole = words.filter((word) => padded.includes(` ${word} `)).length;
  const inTitle = words.filter((word) => title.includes(word)).length;
  const byWords = words.length === 0 ? 0 : (60 * whole + 80 * inTitle) / words.length;
  const byUse = 10 * Math.log10(1 + (one.clicks ?? 0));
  return bySlug + byWords + byUse - (one.archivedAt === null ? 0 : 200);
}
