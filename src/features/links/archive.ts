import type { Context } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { inTrash } from "./errors.ts";
import { linkArchived, linkDeleted, linkPurged, linkRestored, linkUnarchived } from "./events.ts";
import { findLinkToChange, type LinkName } from "./find.ts";
import type { Link, LinkRow } from "./model.ts";
import { coreOf, deleteLinkRow, linkOf, updateLinkRow } from "./store.ts";
import { checkVersion } from "./version.ts";

/** Takes the link out of lists. It still redirects. */
export const archiveLink = (ctx: Context, name: LinkName, ifMatch: string | null): Promise<Link> =>
  move(ctx, name, ifMatch, linkArchived, (row, now) => {
    if (row.deletedAt !== null) throw inTrash();
    return { archivedAt: row.archivedAt ?? now };
  });

export const unarchiveLink = (ctx: Context, name: LinkName, ifMatch: string | null): Promise<Link> =>
  move(ctx, name, ifMatch, linkUnarchived, (row) => {
    if (row.deletedAt !== null) throw inTrash();
    return { archivedAt: null };
  });

/** Moves the link to the trash: it no longer redirects, and its slug is given to nobody. */
export const deleteLink = (ctx: Context, name: LinkName, ifMatch: string | null): Promise<Link> =>
  move(ctx, name, ifMatch, linkDeleted, (row, now) => ({ deletedAt: row.deletedAt ?? now }));

export const restoreLink = (ctx: Context, name: LinkName, ifMatch: string | null): Promise<Link> =>
  move(ctx, name, ifMatch, linkRestored, () => ({ deletedAt: null }));

/**
 * Destroys the link and its clicks for good. Its slug is free again. The clicks go first, so that a failure leaves a
 * link that can be destroyed again; those that came meanwhile go after it.
 */
export async function purgeLink(ctx: Context, name: LinkName, ifMatch: string | null): Promise<Link> {
  const { row } = await findLinkToChange(ctx.db.read, ctx, name);
  checkVersion(row, ifMatch);
  const clicks = { workspaceId: row.workspaceId, linkId: row.id };
  await ctx.clicks.forget(clicks);
  const gone = await change(ctx, async (tx) => {
    const found = await findLinkToChange(tx, ctx, { link: row.id });
    checkVersion(found.row, ifMatch);
    await deleteLinkRow(tx, ctx, row.id);
    tx.record(linkPurged, row.id, coreOf(ctx, found));
    return linkOf(ctx, found);
  });
  await ctx.clicks.forget(clicks).catch((error: unknown) => {
    ctx.log.warning("clicks of a purged link may be left", { linkId: row.id, error });
  });
  return gone;
}

/** Moving is an edit: the version counts it, so that a stale page cannot undo it unseen. */
const move = (
  ctx: Context,
  name: LinkName,
  ifMatch: string | null,
  event: typeof linkArchived,
  to: (row: LinkRow, now: number) => Partial<LinkRow>,
): Promise<Link> =>
  change(ctx, async (tx) => {
    const found = await findLinkToChange(tx, ctx, name);
    checkVersion(found.row, ifMatch);
    const moved = to(found.row, tx.now);
    if (moved.archivedAt === found.row.archivedAt || moved.deletedAt === found.row.deletedAt)
      throw new Unchanged(linkOf(ctx, found));
    const row = { ...found.row, ...moved, version: found.row.version + 1, updatedAt: tx.now };
    await updateLinkRow(tx, ctx, row, false);
    tx.record(event, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
    return linkOf(ctx, { ...found, row });
  });
