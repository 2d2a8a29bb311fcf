import { and, desc, eq, getTableColumns, gt, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { Build, Tx } from "../../db/database.ts";
import { placeholders } from "../../db/placeholders.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Link, type LinkCore, type LinkRow, type TotalsRow, toLinkCore, withTotals } from "./model.ts";
import { shortUrl } from "./short-url.ts";

export type Reader = Pick<Tx, "select">;

/** A link with the host it lives on and its numbers. */
export interface Found {
  readonly row: LinkRow;
  readonly host: string;
  readonly totals: TotalsRow | null;
}

export const coreOf = (ctx: Context, { row, host }: Omit<Found, "totals">): LinkCore =>
  toLinkCore(row, host, shortUrl(ctx, host, row.slug));

export const linkOf = (ctx: Context, found: Found): Link => withTotals(coreOf(ctx, found), found.totals);

/** Links of the workspace with host and numbers: what every read of links begins with. */
export function selectLinks(read: Reader, ctx: Context) {
  const { links, domains, linkTotals } = ctx.db.tables;
  return read
    .select({ row: rowColumns(ctx), host: domains.host, totals: linkTotals })
    .from(links)
    .innerJoin(domains, eq(domains.id, links.domainId))
    .leftJoin(linkTotals, eq(linkTotals.linkId, links.id));
}

/** A link as verbs know it. What its tags are called is asked of the tags: they may be renamed and merged. */
const rowColumns = (ctx: Context) => {
  const { links, linkTags, tags } = ctx.db.tables;
  // With the place of each before it: to sort a handful here is cheaper than to have it sorted for every link.
  const listOf = (column: "name" | "id") => {
    const now = sql.raw(`coalesce("after"."${column}", "tags"."${column}")`);
    return sql`coalesce((select string_agg(${linkTags.position} || ' ' || ${now}, ',')
      from ${linkTags} join ${tags} on ${tags.id} = ${linkTags.tagId}
      left join ${tags} as "after" on "after"."id" = ${tags.mergedInto}
      where ${linkTags.linkId} = ${links.id} and (${tags.goneAt} is null or ${tags.mergedInto} is not null)), '')`;
  };
  return {
    ...getTableColumns(links),
    tags: listOf("name").mapWith(listed<string>),
    tagIds: listOf("id").mapWith(listed<Id<"tag">>),
  };
};
/** Names hold no commas. While one is merged into another a link may have both. */
function listed<T extends string>(text: unknown): T[] {
  if (text === "") return [];
  const places = String(text)
    .split(",")
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return [...new Set(places.map((one) => one.slice(one.indexOf(" ") + 1) as T))];
}

export const mine = (ctx: Context) => eq(ctx.db.tables.links.workspaceId, workspaceOf(ctx));

export async function selectById(read: Reader, ctx: Context, id: Id<"link">): Promise<Found | undefined> {
  const { links } = ctx.db.tables;
  const [found] = await selectLinks(read, ctx)
    .where(and(mine(ctx), eq(links.id, id)))
    .limit(1);
  return found;
}

export async function selectByExternalId(
  read: Reader,
  ctx: Context,
  externalId: string,
): Promise<Found | undefined> {
  const { links } = ctx.db.tables;
  const [found] = await selectLinks(read, ctx)
    .where(and(mine(ctx), eq(links.externalId, externalId)))
    .limit(1);
  return found;
}

export async function selectBySlug(
  read: Reader,
  ctx: Context,
  domainId: Id<"dom">,
  slugKey: string,
): Promise<Found | undefined> {
  const { links } = ctx.db.tables;
  const here = and(mine(ctx), eq(links.domainId, domainId), eq(links.slugKey, slugKey));
  const [found] = await selectLinks(read, ctx).where(here).limit(1);
  return found;
}

/** The newest link in use with this destination on this domain. */
export async function selectByDestination(
  read: Reader,
  ctx: Context,
  domainId: Id<"dom">,
  hash: string,
  seen: SQL | undefined,
): Promise<Found | undefined> {
  const { links } = ctx.db.tables;
  const same = and(
    mine(ctx),
    eq(links.destinationHash, hash),
    eq(links.domainId, domainId),
    isNull(links.deletedAt),
    isNull(links.archivedAt),
    seen,
  );
  const [found] = await selectLinks(read, ctx).where(same).orderBy(desc(links.id)).limit(1);
  return found;
}

/** The same as `selectLinks`, walked along the totals: for lists in their order, which have an index there. */
export function selectByTotals(read: Reader, ctx: Context, where: SQL | undefined) {
  const { links, domains, linkTotals } = ctx.db.tables;
  // Cross joins: SQLite then keeps to this order.
  return read
    .select({ row: rowColumns(ctx), host: domains.host, totals: linkTotals })
    .from(linkTotals)
    .crossJoin(links)
    .crossJoin(domains)
    .where(and(eq(links.id, linkTotals.linkId), eq(domains.id, links.domainId), where));
}

/** Where a link stands, as its totals know it. */
export const shelves = { inUse: 0, archived: 1, trash: 2 } as const;
const shelfOf = ({ archivedAt, deletedAt }: LinkRow): number =>
  deletedAt !== null ? shelves.trash : archivedAt !== null ? shelves.archived : shelves.inUse;

/** What hardly any link has, as the columns have it by themselves. */
const plain = {
  enabled: true,
  notes: null,
  startsAt: null,
  folderId: null,
  campaignId: null,
  passwordHash: null,
  forwardPath: false,
  options: null,
} as const satisfies Partial<LinkRow>;
const plainNames = Object.keys(plain) as (keyof typeof plain)[];

const insertPlain: Build = (queries, { links }) =>
  queries.insert(links).values({ ...placeholders(links), ...plain });
// The JSON of null would be four letters, and no null.
const insertRich: Build = (queries, { links }) =>
  queries.insert(links).values({ ...placeholders(links), options: sql`${sql.placeholder("options")}` });

const isPlain = (row: LinkRow): boolean => plainNames.every((name) => row[name] === plain[name]);
const stored = (row: LinkRow) => ({
  ...row,
  options: row.options === null ? null : JSON.stringify(row.options),
});

async function insertRow(tx: Tx, row: LinkRow): Promise<void> {
  await tx.run(isPlain(row) ? insertPlain : insertRich, stored(row));
}

const insertTotals: Build = (queries, { linkTotals }) =>
  queries.insert(linkTotals).values(placeholders(linkTotals));
const insertTag: Build = (queries, { linkTags }) => queries.insert(linkTags).values(placeholders(linkTags));
const tagRows = (row: LinkRow) =>
  row.tagIds.map((tagId, position) => ({
    linkId: row.id,
    tagId,
    workspaceId: row.workspaceId,
    position,
    shelf: shelfOf(row),
  }));
const noTotals = { clicks: 0, uniqueClicks: 0, botClicks: 0, lastClickedAt: null, sequence: 0 };

const totalsOf = (row: LinkRow) => ({
  linkId: row.id,
  workspaceId: row.workspaceId,
  shelf: shelfOf(row),
  ...noTotals,
});

export async function insertLink(tx: Tx, ctx: Context, row: LinkRow): Promise<void> {
  await insertRow(tx, row);
  await tx.run(insertTotals, totalsOf(row));
  await insertTags(tx, ctx, row);
}

/** The same for many. */
export async function insertLinks(tx: Tx, rows: readonly LinkRow[]): Promise<void> {
  await tx.runEach(insertPlain, rows.filter(isPlain).map(stored));
  await tx.runEach(insertRich, rows.filter((row) => !isPlain(row)).map(stored));
  await tx.runEach(insertTotals, rows.map(totalsOf));
  await tx.runEach(insertTag, rows.flatMap(tagRows));
}

export async function updateLinkRow(tx: Tx, ctx: Context, row: LinkRow, tagsChanged: boolean): Promise<void> {
  const { links, linkTags, linkTotals } = ctx.db.tables;
  await tx
    .update(links)
    .set(row)
    .where(and(mine(ctx), eq(links.id, row.id)));
  const shelf = shelfOf(row);
  await tx
    .update(linkTotals)
    .set({ shelf })
    .where(and(eq(linkTotals.linkId, row.id), ne(linkTotals.shelf, shelf)));
  if (!tagsChanged) {
    if (row.tagIds.length > 0)
      await tx
        .update(linkTags)
        .set({ shelf })
        .where(and(eq(linkTags.linkId, row.id), ne(linkTags.shelf, shelf)));
    return;
  }
  await tx.delete(linkTags).where(eq(linkTags.linkId, row.id));
  await insertTags(tx, ctx, row);
}

async function insertTags(tx: Tx, ctx: Context, row: LinkRow): Promise<void> {
  if (row.tagIds.length > 0) await tx.insert(ctx.db.tables.linkTags).values(tagRows(row));
}

export async function deleteLinkRow(tx: Tx, ctx: Context, id: Id<"link">): Promise<void> {
  const { links, linkTotals } = ctx.db.tables;
  await tx.delete(linkTotals).where(eq(linkTotals.linkId, id));
  await tx.delete(links).where(and(mine(ctx), eq(links.id, id)));
}

/** Links of every workspace that came into the trash before a moment, in that order, behind the one seen last. */
export async function selectTrashBefore(
  ctx: Context,
  before: number,
  after: { readonly deletedAt: number; readonly id: string },
  limit: number,
): Promise<Pick<LinkRow, "id" | "workspaceId" | "version" | "deletedAt">[]> {
  const { links } = ctx.db.tables;
  const { id, workspaceId, version, deletedAt } = links;
  return ctx.db.read
    .select({ id, workspaceId, version, deletedAt })
    .from(links)
    .where(
      and(
        lt(deletedAt, before),
        or(
          gt(deletedAt, after.deletedAt),
          and(eq(deletedAt, after.deletedAt), gt(id, after.id as Id<"link">)),
        ),
      ),
    )
    .orderBy(deletedAt, id)
    .limit(limit);
}
