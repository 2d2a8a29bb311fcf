import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { inTrash } from "./errors.ts";
import { linkArchived, linkDeleted, linkPurged, linkRestored, linkUnarchived } from "./events.ts";
import { findLinkToChange, type LinkName } from "./find.ts";
import type { Link, LinkRow } from "./model.ts";
import { coreOf, deleteLinkRow, type Found, linkOf, updateLinkRow } from "./store.ts";
import { checkVersion } from "./version.ts";

/** Where a link can be moved, what is told of it, and how its row is then. */
interface Move {
  readonly event: typeof linkArchived;
  to(row: LinkRow, now: number): Partial<LinkRow>;
}
const outOfTrash = (row: LinkRow): LinkRow => {
  if (row.deletedAt !== null) throw inTrash();
  return row;
};
export const moves = {
  archive: {
    event: linkArchived,
    to: (row, now) => ({ archivedAt: outOfTrash(row).archivedAt ?? now }),
  },
  unarchive: {
    event: linkUnarchived,
    to: (row) => ({ archivedAt: outOfTrash(row) && null }),
  },
  delete: { event: linkDeleted, to: (row, now) => ({ deletedAt: row.deletedAt ?? now }) },
  restore: { event: linkRestored, to: () => ({ deletedAt: null }) },
} as const satisfies Record<string, Move>;

type Verb = (ctx: Context, name: LinkName, ifMatch: string | null) => Promise<Link>;

/** Takes the link out of lists. It still redirects. */
export const archiveLink: Verb = (ctx, name, ifMatch) => move(ctx, name, ifMatch, moves.archive);
export const unarchiveLink: Verb = (ctx, name, ifMatch) => move(ctx, name, ifMatch, moves.unarchive);
/** Moves the link to the trash: it no longer redirects, and its slug is given to nobody. */
export const deleteLink: Verb = (ctx, name, ifMatch) => move(ctx, name, ifMatch, moves.delete);
export const restoreLink: Verb = (ctx, name, ifMatch) => move(ctx, name, ifMatch, moves.restore);

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

const move = (ctx: Context, name: LinkName, ifMatch: string | null, to: Move): Promise<Link> =>
  change(ctx, async (tx) => {
    const found = await findLinkToChange(tx, ctx, name);
    checkVersion(found.row, ifMatch);
    const moved = await moveFound(tx, ctx, found, to);
    if (moved === null) throw new Unchanged(linkOf(ctx, found));
    return moved;
  });

/**
 * Moving is an edit: the version counts it, so that a stale page cannot undo it unseen. Null for a link that is there
 * already.
 */
export async function moveFound(
  tx: Change,
  ctx: Context,
  found: Found,
  { event, to }: Move,
): Promise<Link | null> {
  const moved = to(found.row, tx.now);
  if (moved.archivedAt === found.row.archivedAt || moved.deletedAt === found.row.deletedAt) return null;
  const row = { ...found.row, ...moved, version: found.row.version + 1, updatedAt: tx.now };
  await updateLinkRow(tx, ctx, row, false);
  tx.record(event, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
  return linkOf(ctx, { ...found, row });
}
