import {
  and,
  asc,
  count,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNull,
  or,
  type Placeholder,
  sql,
} from "drizzle-orm";
import type { Build, Database, Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { DomainRow } from "./model.ts";

type Reader = Pick<Tx, "select">;

/** The workspace's own domains and the installation's; on the test side those of the live side, too. */
const usable = (ctx: Context) => {
  const { domains, workspaces } = ctx.db.tables;
  const own = workspaceOf(ctx);
  const live = ctx.db.read.select({ id: workspaces.testOf }).from(workspaces).where(eq(workspaces.id, own));
  return or(eq(domains.workspaceId, own), isNull(domains.workspaceId), inArray(domains.workspaceId, live));
};

export async function selectDomains(
  ctx: Context,
  { limit, offset, afterId }: { limit: number; offset: number; afterId: string | null },
): Promise<DomainRow[]> {
  const { domains } = ctx.db.tables;
  const beyond = afterId === null ? undefined : gt(domains.id, afterId as Id<"dom">);
  return ctx.db.read
    .select()
    .from(domains)
    .where(and(usable(ctx), beyond))
    .orderBy(asc(domains.id))
    .limit(limit)
    .offset(offset);
}

export async function countDomains(ctx: Context): Promise<number> {
  const { domains } = ctx.db.tables;
  const [row] = await ctx.db.read.select({ total: count() }).from(domains).where(usable(ctx));
  return row?.total ?? 0;
}

/** By id or host. */
export async function selectDomain(
  read: Reader,
  ctx: Context,
  idOrHost: string,
): Promise<DomainRow | undefined> {
  const { domains } = ctx.db.tables;
  const named = or(eq(domains.id, idOrHost as Id<"dom">), eq(domains.host, idOrHost));
  const [row] = await read
    .select()
    .from(domains)
    .where(and(usable(ctx), named))
    .limit(1);
  return row;
}

/** The workspace's default domain, for a test side without one the live side's, or the installation's own. */
const defaultDomainOf = (
  read: Reader,
  { domains, workspaces }: Database["tables"],
  workspaceId: Id<"ws"> | Placeholder,
) => {
  const chosen = defaultIdOf(workspaces);
  return read
    .select(getTableColumns(domains))
    .from(domains)
    .innerJoin(workspaces, eq(workspaces.id, workspaceId))
    .where(or(sql`${domains.id} = ${chosen}`, and(sql`${chosen} is null`, isNull(domains.workspaceId))))
    .limit(1);
};

const defaultIdOf = ({ defaultDomainId, testOf }: Database["tables"]["workspaces"]) =>
  sql<Id<"dom"> | null>`coalesce(${defaultDomainId}, (select live.default_domain_id from workspaces as live where live.id = ${testOf}))`;

const defaultDomain: Build<DomainRow> = (queries, tables) =>
  defaultDomainOf(queries, tables, sql.placeholder("workspaceId"));

/** Every link that names no domain asks this: inside a transaction it is known. */
export async function selectDefaultDomain(read: Reader | Tx, ctx: Context): Promise<DomainRow | undefined> {
  const workspaceId = workspaceOf(ctx);
  const [row] = await ("now" in read
    ? read.known(defaultDomain, { workspaceId })
    : defaultDomainOf(read, ctx.db.tables, workspaceId));
  return row;
}

export async function selectDefaultDomainId(read: Reader, ctx: Context): Promise<Id<"dom"> | null> {
  const { workspaces } = ctx.db.tables;
  const [row] = await read
    .select({ id: defaultIdOf(workspaces) })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceOf(ctx)))
    .limit(1);
  return row?.id ?? null;
}

export async function updateDefaultDomainId(tx: Tx, ctx: Context, id: Id<"dom"> | null): Promise<void> {
  const { workspaces } = ctx.db.tables;
  const set = { defaultDomainId: id, updatedAt: tx.now };
  await tx
    .update(workspaces)
    .set(set)
    .where(eq(workspaces.id, workspaceOf(ctx)));
}

export async function countLinksOf(tx: Reader, ctx: Context, id: Id<"dom">): Promise<number> {
  const { links } = ctx.db.tables;
  const [row] = await tx.select({ total: count() }).from(links).where(eq(links.domainId, id));
  return row?.total ?? 0;
}

export async function selectSlugs(
  tx: Reader,
  ctx: Context,
  id: Id<"dom">,
): Promise<{ id: Id<"link">; slug: string; slugKey: string }[]> {
  const { links } = ctx.db.tables;
  return tx
    .select({ id: links.id, slug: links.slug, slugKey: links.slugKey })
    .from(links)
    .where(eq(links.domainId, id));
}

/** Hundreds in one statement: a domain may have a million links, and all other writers wait meanwhile. */
export async function updateSlugKeys(
  tx: Tx,
  ctx: Context,
  keys: readonly { readonly id: Id<"link">; readonly slugKey: string }[],
): Promise<void> {
  const { links } = ctx.db.tables;
  for (let from = 0; from < keys.length; from += KEYS_PER_UPDATE) {
    const some = keys.slice(from, from + KEYS_PER_UPDATE);
    const cases = some.map(({ id, slugKey }) => sql`when ${id} then ${slugKey}`);
    const ids = some.map(({ id }) => id);
    await tx
      .update(links)
      .set({ slugKey: sql`case ${links.id} ${sql.join(cases, sql` `)} end` })
      .where(inArray(links.id, ids));
  }
}

/** Three parameters each; SQLite takes 32,766 a statement. More would make the search for the case slower. */
const KEYS_PER_UPDATE = 500;

/** The workspace's own, the installation's not among them. */
export async function countOwnDomains(tx: Reader, ctx: Context): Promise<number> {
  const { domains } = ctx.db.tables;
  const own = eq(domains.workspaceId, workspaceOf(ctx));
  const [row] = await tx.select({ total: count() }).from(domains).where(own);
  return row?.total ?? 0;
}
