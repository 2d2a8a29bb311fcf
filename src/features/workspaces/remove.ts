import { and, eq } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { assertFreshPersonOrLocal } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { brandOfWorkspace, readingOf } from "./brand.ts";
import { deletedMail } from "./deleted-mail.ts";
import { notTyped, personalStays } from "./errors.ts";
import { workspaceDeleted, workspaceRestored } from "./events.ts";
import { toWorkspace, type Workspace, type WorkspaceRow } from "./model.ts";
import { assertLiveSide } from "./sides.ts";
import { bothSides, type Found, selectWorkspace } from "./store.ts";
import { findWorkspace } from "./workspaces.ts";

/**
 * Shuts the workspace: from now on its links, its keys and its members find nothing. Its owners can restore it until
 * the time of grace is over; then everything in it is destroyed.
 */
export function deleteWorkspace(ctx: Context, confirm: string): Promise<Workspace> {
  assertFreshPersonOrLocal(ctx);
  return change(ctx, async (tx) => {
    await assertLiveSide(tx, ctx, "deletions");
    const { row, testId } = await findWorkspace(tx, ctx);
    if (row.personalOf !== null) throw personalStays();
    if (row.deletedAt !== null) throw new AppError("CONFLICT", "This workspace was deleted already.");
    if (confirm !== row.name) throw notTyped();
    const purgeAt = tx.now + ctx.config.WAYPOST_WORKSPACE_GRACE;
    await tellOwners(tx, ctx, row, purgeAt);
    return shutWorkspace(tx, ctx, { row, testId }, purgeAt);
  });
}

/** The same inside a change that does more, whoever asks: an account takes its personal workspace with it. */
export async function shutWorkspace(
  tx: Change,
  ctx: Context,
  { row, testId }: Found,
  purgeAt: number,
): Promise<Workspace> {
  const { workspaces, transfers } = ctx.db.tables;
  await tx.update(workspaces).set({ deletedAt: tx.now, updatedAt: tx.now }).where(bothSides(ctx, row.id));
  await tx.update(workspaces).set({ purgeAt }).where(eq(workspaces.id, row.id));
  await tx.delete(transfers).where(eq(transfers.workspaceId, row.id));
  const workspace = toWorkspace({ ...row, deletedAt: tx.now, updatedAt: tx.now, purgeAt }, testId);
  tx.record(workspaceDeleted, workspace.id, withPrevious(toWorkspace(row, testId), workspace), row.id);
  return workspace;
}

/** What an account leaves behind: its personal workspace at once, those it names after their time of grace. */
export async function giveUpWorkspace(
  tx: Change,
  ctx: Context,
  id: Id<"ws">,
  isPersonal: boolean,
): Promise<void> {
  const found = await selectWorkspace(tx, ctx, id);
  if (!found || found.row.deletedAt !== null) return;
  await shutWorkspace(tx, ctx, found, isPersonal ? tx.now : tx.now + ctx.config.WAYPOST_WORKSPACE_GRACE);
}

/** Takes back a deletion that is not past its grace: everything is as it was. */
export function restoreWorkspace(ctx: Context): Promise<Workspace> {
  assertFreshPersonOrLocal(ctx);
  return change(ctx, async (tx) => {
    await assertLiveSide(tx, ctx, "deletions");
    const { row, testId } = await findWorkspace(tx, ctx);
    if (row.deletedAt === null) throw new AppError("CONFLICT", "This workspace was not deleted.");
    // Its purge may have begun.
    if (row.purgeAt !== null && row.purgeAt <= tx.now)
      throw new AppError("GONE", "The time for restoring this workspace is over.");
    const after = { ...row, deletedAt: null, purgeAt: null, updatedAt: tx.now };
    const { workspaces } = ctx.db.tables;
    await tx
      .update(workspaces)
      .set({ deletedAt: null, purgeAt: null, updatedAt: tx.now })
      .where(bothSides(ctx, row.id));
    const workspace = toWorkspace(after, testId);
    tx.record(workspaceRestored, workspace.id, withPrevious(toWorkspace(row, testId), workspace), row.id);
    return workspace;
  });
}

/** Whoever did not do it themselves must learn of it while it can be undone. */
async function tellOwners(tx: Change, ctx: Context, row: WorkspaceRow, purgeAt: number): Promise<void> {
  const { members, users } = ctx.db.tables;
  const owners = await tx
    .select({
      email: users.email,
      name: users.firstName,
      locale: users.locale,
      timeZone: users.timeZone,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.workspaceId, row.id), eq(members.role, "owner")));
  for (const owner of owners)
    await queueMail(
      tx,
      ctx,
      deletedMail,
      { ...owner, ...readingOf(owner, row) },
      { workspace: row.name, purgeAt, baseUrl: ctx.baseUrl() },
      { workspaceId: row.id as Id<"ws">, brand: brandOfWorkspace(row) },
    );
}
