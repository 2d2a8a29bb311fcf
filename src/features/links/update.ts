import { uniqueViolation } from "../../db/errors.ts";
import { foldSlug } from "../../lib/slug.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { campaignFor } from "../campaigns/campaigns.ts";
import { findDomain } from "../domains/find.ts";
import { folderFor } from "../folders/folders.ts";
import { takeTags } from "../tags/take.ts";
import { chosenSlug, destinationFor, expiredUrlOf, timeOf, whole } from "./create.ts";
import { endsOf } from "./ends.ts";
import { externalIdTaken, inTrash, slugTaken } from "./errors.ts";
import { linkUpdated } from "./events.ts";
import { findLinkToChange, type LinkName } from "./find.ts";
import { passwordHashOf } from "./lock.ts";
import type { Link, LinkPatch, LinkRow } from "./model.ts";
import { optionsAfter } from "./options.ts";
import { coreOf, type Found, linkOf, updateLinkRow } from "./store.ts";
import { checkVersion } from "./version.ts";

/** Changes what the patch names; null clears. `ifMatch` is the If-Match header. */
export async function updateLink(
  ctx: Context,
  name: LinkName,
  patch: LinkPatch,
  ifMatch: string | null,
): Promise<Link> {
  const passwordHash = await passwordHashOf(ctx, patch.password);
  try {
    return await change(ctx, async (tx) => {
      const found = await findLinkToChange(tx, ctx, name);
      checkVersion(found.row, ifMatch);
      const changed = await updateFound(tx, ctx, found, patch, passwordHash);
      if (changed === null) throw new Unchanged(linkOf(ctx, found));
      return changed;
    });
  } catch (error) {
    const broken = uniqueViolation(error);
    if (broken === "links_slug") throw slugTaken(patch.slug ?? "", error);
    throw broken === "links_external_id" ? externalIdTaken(error) : error;
  }
}

/**
 * Changes a link that was read in this transaction. Null when it is so already.
 * @param place what `placeOf` answered, where it was asked for many
 */
export async function updateFound(
  tx: Change,
  ctx: Context,
  found: Found,
  patch: LinkPatch,
  passwordHash: string | null | undefined,
  place?: Partial<Place>,
): Promise<Link | null> {
  if (found.row.deletedAt !== null) throw inTrash();
  const row = await patched(tx, ctx, found, patch, passwordHash, place ?? (await placeOf(tx, ctx, patch)));
  if (isSame(found.row, row)) return null;
  await updateLinkRow(tx, ctx, row, patch.tags !== undefined);
  tx.record(linkUpdated, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
  return linkOf(ctx, { ...found, row });
}

/** Nothing differs but what every edit counts up. */
const isSame = (before: LinkRow, after: LinkRow): boolean =>
  JSON.stringify({ ...after, version: before.version, updatedAt: before.updatedAt }) ===
  JSON.stringify(before);

async function patched(
  tx: Change,
  ctx: Context,
  { row: before, host }: Found,
  patch: LinkPatch,
  passwordHash: string | null | undefined,
  place: Partial<Place>,
): Promise<LinkRow> {
  const { expiresAt, clicksLimit, expiresAfterSeconds } = endsOf(before, patch);
  const row = {
    ...before,
    ...(patch.title === undefined ? {} : { title: patch.title }),
    ...(patch.description === undefined ? {} : { description: patch.description }),
    ...(patch.externalId === undefined ? {} : { externalId: patch.externalId }),
    ...(patch.expiredUrl === undefined ? {} : { expiredUrl: await expiredUrlOf(tx, ctx, patch.expiredUrl) }),
    ...(patch.notes === undefined ? {} : { notes: patch.notes }),
    ...(patch.startsAt === undefined ? {} : { startsAt: timeOf("/startsAt", patch.startsAt) }),
    ...place,
    ...(patch.destinationUrl === undefined ? {} : await destinationFor(tx, ctx, patch.destinationUrl)),
    ...(patch.slug === undefined ? {} : await slug(tx, ctx, before, patch.slug)),
    ...(patch.tags === undefined ? {} : await tags(tx, ctx, patch.tags)),
    redirectStatus: patch.redirectStatus ?? before.redirectStatus,
    forwardQuery: patch.forwardQuery ?? before.forwardQuery,
    enabled: patch.enabled ?? before.enabled,
    ...(passwordHash === undefined ? {} : { passwordHash }),
    forwardPath: patch.forwardPath ?? before.forwardPath,
    expiresAt,
    clicksLimit,
    options: optionsAfter(before.options, { ...patch, expiresAfterSeconds }),
    version: before.version + 1,
    updatedAt: tx.now,
  };
  return whole(row, host, patch, tx.now);
}

type Place = Pick<LinkRow, "folderId" | "campaignId">;

/** Where a link is to stand, and what it is to belong to. */
export async function placeOf(
  tx: Change,
  ctx: Context,
  { folderId, campaignId }: Pick<LinkPatch, "folderId" | "campaignId">,
): Promise<Partial<Place>> {
  return {
    ...(folderId === undefined ? {} : { folderId: await folderFor(tx, ctx, folderId) }),
    ...(campaignId === undefined ? {} : { campaignId: await campaignFor(tx, ctx, campaignId) }),
  };
}

async function tags(tx: Change, ctx: Context, names: readonly string[]) {
  const taken = await takeTags(tx, ctx, names);
  return { tags: taken.map(({ name }) => name), tagIds: taken.map(({ id }) => id) };
}

async function slug(tx: Change, ctx: Context, { domainId }: LinkRow, text: string) {
  const chosen = chosenSlug(text);
  const { caseSensitive } = await findDomain(tx, ctx, domainId);
  return { slug: chosen, slugKey: foldSlug(chosen, caseSensitive) };
}
