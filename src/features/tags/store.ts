import { and, asc, count, eq, gt, inArray, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { afterPlace, type PageRequest } from "../../platform/paging.ts";
import type { TagRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;

/** Tags of the workspace that are not going away. */
export const mine = (ctx: Context): SQL | undefined => {
  const { tags } = ctx.db.tables;
  return and(eq(tags.workspaceId, workspaceOf(ctx)), isNull(tags.goneAt));
};

export async function selectTag(read: Reader, ctx: Context, id: Id<"tag">): Promise<TagRow | undefined> {
  const { tags } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(tags)
    .where(and(mine(ctx), eq(tags.id, id)))
    .limit(1);
  return row;
}

export async function selectByKeys(read: Reader, ctx: Context, keys: readonly string[]): Promise<TagRow[]> {
  const { tags } = ctx.db.tables;
  return read
    .select()
    .from(tags)
    .where(and(mine(ctx), inArray(tags.nameKey, [...keys])));
}

/** Those with a text anywhere in their name, by name. */
export async function selectContaining(ctx: Context, text: string, limit: number): Promise<TagRow[]> {
  const { tags } = ctx.db.tables;
  return ctx.db.read
    .select()
    .from(tags)
    .where(and(mine(ctx), containing(ctx, text)))
    .orderBy(asc(tags.nameKey))
    .limit(limit);
}

const containing = (ctx: Context, text: string): SQL =>
  sql`${ctx.db.tables.tags.nameKey} like ${`%${text.replace(/[\\%_]/g, "\\$&")}%`} escape '\\'`;

export async function selectPage(
  ctx: Context,
  search: string | undefined,
  { limit, offset, after }: PageRequest,
): Promise<{ rows: TagRow[]; total: number }> {
  const { tags } = ctx.db.tables;
  const where = and(mine(ctx), search === undefined ? undefined : containing(ctx, search));
  const beyond = after ? afterPlace(tags.nameKey, tags.id, "asc", after) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(tags).where(where);
  const rows = await ctx.db.read
    .select()
    .from(tags)
    .where(and(where, beyond))
    .orderBy(asc(tags.nameKey), asc(tags.id))
    .limit(limit + 1)
    .offset(offset);
  return { rows, total: counted?.total ?? 0 };
}

/** How many links have each, those in the trash left out. Read in an index alone. */
export async function countLinks(
  read: Reader,
  ctx: Context,
  ids: readonly Id<"tag">[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { linkTags } = ctx.db.tables;
  const rows = await read
    .select({ id: linkTags.tagId, links: count() })
    .from(linkTags)
    .where(and(inArray(linkTags.tagId, [...ids]), lt(linkTags.shelf, TRASH)))
    .groupBy(linkTags.tagId);
  return new Map(rows.map(({ id, links }) => [id, links]));
}

/** The shelf of links in the trash (`links/store.ts`). */
const TRASH = 2;

/** The ids that links may have in place of these: their own, and those of tags that are being merged into them. */
export async function selectStandIns(
  read: Reader,
  ctx: Context,
  ids: readonly Id<"tag">[],
): Promise<{ id: Id<"tag">; of: Id<"tag"> }[]> {
  if (ids.length === 0) return [];
  const { tags } = ctx.db.tables;
  const rows = await read
    .select({ id: tags.id, mergedInto: tags.mergedInto })
    .from(tags)
    .where(or(inArray(tags.id, [...ids]), inArray(tags.mergedInto, [...ids])));
  return rows.map(({ id, mergedInto }) => ({ id, of: mergedInto ?? id }));
}

/** Tags of all workspaces that are going away, and those that a migration has made with a key of its own. */
export const selectUnsettled = (ctx: Context, limit: number): Promise<TagRow[]> => {
  const { tags } = ctx.db.tables;
  const left = sql`${tags.goneAt} is not null`;
  return ctx.db.read
    .select()
    .from(tags)
    .where(or(left, eq(tags.createdBy, MIGRATION)))
    .orderBy(asc(tags.id))
    .limit(limit);
};
export const MIGRATION = "migration";

export async function selectOtherWithKey(
  read: Reader,
  ctx: Context,
  row: TagRow,
  nameKey: string,
): Promise<TagRow | undefined> {
  const { tags } = ctx.db.tables;
  const same = and(eq(tags.workspaceId, row.workspaceId), eq(tags.nameKey, nameKey), ne(tags.id, row.id));
  const [found] = await read.select().from(tags).where(same).limit(1);
  return found;
}

/** Some links that have the tag, behind those seen. */
export const selectLinksWith = (tx: Reader, ctx: Context, id: Id<"tag">, limit: number) => {
  const { linkTags } = ctx.db.tables;
  return tx
    .select()
    .from(linkTags)
    .where(and(eq(linkTags.tagId, id), gt(linkTags.linkId, "" as Id<"link">)))
    .orderBy(asc(linkTags.shelf), asc(linkTags.linkId))
    .limit(limit);
};
