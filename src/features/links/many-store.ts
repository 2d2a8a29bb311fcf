import { and, eq, inArray, isNull, or, type SQL } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Found, mine, type Reader, selectLinks } from "./store.ts";

/** Which of these are in use. At most a thousand. */
export async function selectTaken(
  read: Reader,
  ctx: Context,
  domainId: Id<"dom">,
  slugKeys: readonly string[],
): Promise<string[]> {
  const { links } = ctx.db.tables;
  if (slugKeys.length === 0) return [];
  const rows = await read
    .select({ slugKey: links.slugKey })
    .from(links)
    .where(and(eq(links.domainId, domainId), inArray(links.slugKey, [...slugKeys])));
  return rows.map(({ slugKey }) => slugKey);
}

/** Links of the workspace by what names them without a domain, in no order. At most a thousand. */
export async function selectMany(
  read: Reader,
  ctx: Context,
  by: { readonly ids?: readonly string[]; readonly externalIds?: readonly string[] },
  seen: SQL | undefined,
): Promise<Found[]> {
  const { links } = ctx.db.tables;
  const { ids = [], externalIds = [] } = by;
  const wanted = [
    ...(ids.length > 0 ? [inArray(links.id, ids as Id<"link">[])] : []),
    ...(externalIds.length > 0 ? [inArray(links.externalId, [...externalIds])] : []),
  ];
  if (wanted.length === 0) return [];
  return selectLinks(read, ctx).where(and(mine(ctx), or(...wanted), seen));
}

/** Links in use with these destinations, oldest first. At most a thousand. */
export async function selectByDestinations(
  read: Reader,
  ctx: Context,
  hashes: readonly string[],
  seen: SQL | undefined,
): Promise<Found[]> {
  const { links } = ctx.db.tables;
  if (hashes.length === 0) return [];
  return selectLinks(read, ctx)
    .where(
      and(
        mine(ctx),
        inArray(links.destinationHash, [...hashes]),
        isNull(links.deletedAt),
        isNull(links.archivedAt),
        seen,
      ),
    )
    .orderBy(links.id);
}
