import { notFound } from "../../lib/errors.ts";
import { isId } from "../../lib/ids.ts";
import { foldSlug } from "../../lib/slug.ts";
import type { Context } from "../../platform/context.ts";
import { findDomain } from "../domains/find.ts";
import { assertMayChange, reachOf } from "../folders/access.ts";
import type { Link } from "./model.ts";
import { type Found, linkOf, type Reader, selectByExternalId, selectById, selectBySlug } from "./store.ts";

export type { Found };

/** How a link is named in a path: its id, `ext_` and its external id, or, with a domain, its slug, with or without a leading slash. */
export interface LinkName {
  readonly link: string;
  /** Host or id. */
  readonly domain?: string | undefined;
}

export const readLink = async (ctx: Context, name: LinkName): Promise<Link> =>
  linkOf(ctx, await findLink(ctx.db.read, ctx, name));

/** @throws AppError NOT_FOUND, for links of other workspaces and in folders that are closed to the caller too */
export const findLink = async (read: Reader, ctx: Context, name: LinkName): Promise<Found> =>
  (await reached(read, ctx, name)).found;

/**
 * A link that is to be changed, or something that hangs on it.
 * @throws AppError NOT_FOUND, and FORBIDDEN in a folder that the caller may only look at
 */
export async function findLinkToChange(read: Reader, ctx: Context, name: LinkName): Promise<Found> {
  const { found, reach } = await reached(read, ctx, name);
  if (reach) assertMayChange(reach, found.row.folderId);
  return found;
}

async function reached(read: Reader, ctx: Context, { link, domain }: LinkName) {
  const found = domain === undefined ? await byId(read, ctx, link) : await bySlug(read, ctx, link, domain);
  if (!found) throw notFound("link");
  const { folderId } = found.row;
  const reach = folderId === null ? null : await reachOf(read, ctx);
  if (folderId !== null && reach?.hidden.has(folderId)) throw notFound("link");
  return { found, reach };
}

async function byId(read: Reader, ctx: Context, name: string): Promise<Found | undefined> {
  if (name.startsWith("ext_")) return selectByExternalId(read, ctx, name.slice(4));
  return isId("link", name) ? selectById(read, ctx, name) : undefined;
}

async function bySlug(read: Reader, ctx: Context, slug: string, domain: string): Promise<Found | undefined> {
  const { id, caseSensitive } = await findDomain(read, ctx, domain);
  // No slug begins with one, and some must: /links/count is the count of links, /links/%2Fcount the link.
  const bare = slug.startsWith("/") ? slug.slice(1) : slug;
  return selectBySlug(read, ctx, id, foldSlug(bare, caseSensitive));
}
