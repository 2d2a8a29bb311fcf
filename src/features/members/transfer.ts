import { eq } from "drizzle-orm";
import { AppError, invalid } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { freshPersonOf, personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { isoOf } from "../../platform/schema.ts";
import { refuseTooMany } from "../workspaces/add.ts";
import { brandOfWorkspace, readingOf } from "../workspaces/brand.ts";
import { assertLiveSide } from "../workspaces/sides.ts";
import { findWorkspace } from "../workspaces/workspaces.ts";
import { noTransfer, personalIsAlone, transferOver } from "./errors.ts";
import { memberUpdated, transferCancelled, transferOffered, transferred } from "./events.ts";
import { findMember, setRole } from "./members.ts";
import { type MemberRow, type Transfer, toMember } from "./model.ts";
import { type Reader, selectMember } from "./store.ts";
import { transferMail } from "./transfer-mail.ts";

const OFFER_MS = 7 * 86_400_000;

type TransferRow = Context["db"]["tables"]["transfers"]["$inferSelect"];

/** Offers a member the workspace. Nothing changes before they accept; a new offer takes the place of the last one. */
export function offerTransfer(ctx: Context, userId: string): Promise<Transfer> {
  const from = freshPersonOf(ctx);
  return change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "owners");
    const { row: workspace } = await findWorkspace(tx, ctx);
    if (workspace.personalOf !== null) throw personalIsAlone();
    const owner = await findMember(tx, ctx, workspaceId, from.userId);
    if (owner.role !== "owner") throw new AppError("FORBIDDEN", "Only an owner can hand a workspace over.");
    const to = await selectMember(tx, ctx, workspaceId, userId);
    if (!to) throw invalid("/userId", "userId is not a member of this workspace");
    if (to.role === "owner") throw invalid("/userId", "userId is an owner already");
    const row = {
      workspaceId,
      fromUserId: from.userId,
      toUserId: to.userId,
      createdAt: tx.now,
      expiresAt: tx.now + OFFER_MS,
    };
    const { transfers } = ctx.db.tables;
    await tx.insert(transfers).values(row).onConflictDoUpdate({ target: transfers.workspaceId, set: row });
    await queueMail(
      tx,
      ctx,
      transferMail,
      {
        email: to.email,
        name: to.firstName,
        ...readingOf(to, workspace),
      },
      { workspace: workspace.name, from: owner.email, expiresAt: row.expiresAt, baseUrl: ctx.baseUrl() },
      { workspaceId, brand: brandOfWorkspace(workspace) },
    );
    tx.record(transferOffered, workspaceId, toTransfer(row));
    return toTransfer(row);
  });
}

/** The offer that stands, for whoever may accept it or take it back. */
export async function readTransfer(ctx: Context): Promise<Transfer> {
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "owners");
  return toTransfer(await findTransfer(ctx.db.read, ctx, workspaceId));
}

/** Makes whoever was offered the workspace its owner, and whoever offered it an admin. */
export function acceptTransfer(ctx: Context): Promise<Transfer> {
  const { userId } = freshPersonOf(ctx);
  return change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "owners");
    const row = await findTransfer(tx, ctx, workspaceId);
    if (row.toUserId !== userId) throw noTransfer();
    const [from, to] = [
      await selectMember(tx, ctx, workspaceId, row.fromUserId),
      await findMember(tx, ctx, workspaceId, userId),
    ];
    // Whoever was an owner when they offered it may be none when it is accepted.
    if (row.expiresAt <= tx.now || from?.role !== "owner") throw transferOver();
    await refuseTooMany(tx, ctx, userId);
    await swap(tx, ctx, workspaceId, to, "owner");
    await swap(tx, ctx, workspaceId, from, "admin");
    await tx.delete(ctx.db.tables.transfers).where(eq(ctx.db.tables.transfers.workspaceId, workspaceId));
    tx.record(transferred, workspaceId, toTransfer(row));
    return toTransfer(row);
  });
}

/** Takes the offer back, or declines it. */
export function cancelTransfer(ctx: Context): Promise<Transfer> {
  return change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "owners");
    const row = await findTransfer(tx, ctx, workspaceId);
    await tx.delete(ctx.db.tables.transfers).where(eq(ctx.db.tables.transfers.workspaceId, workspaceId));
    tx.record(transferCancelled, workspaceId, toTransfer(row));
    return toTransfer(row);
  });
}

async function swap(
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  before: MemberRow,
  role: "owner" | "admin",
): Promise<void> {
  await setRole(tx, ctx, workspaceId, before.userId, role);
  const { role: previousRole, roleName } = toMember(before);
  const member = toMember({ ...before, role, ownName: null, granted: null });
  tx.record(memberUpdated, before.userId, { ...member, previous: { role: previousRole, roleName } });
}

/** @throws AppError NOT_FOUND also for members whom it does not concern */
async function findTransfer(read: Reader, ctx: Context, workspaceId: Id<"ws">): Promise<TransferRow> {
  const { userId } = personOf(ctx);
  const { transfers } = ctx.db.tables;
  const [row] = await read.select().from(transfers).where(eq(transfers.workspaceId, workspaceId)).limit(1);
  if (!row || (row.toUserId !== userId && !ctx.actor.permissions.has("workspace:transfer")))
    throw noTransfer();
  return row;
}

const toTransfer = ({ workspaceId, fromUserId, toUserId, createdAt, expiresAt }: TransferRow): Transfer => ({
  workspaceId,
  fromUserId,
  toUserId,
  createdAt: isoOf(createdAt),
  expiresAt: isoOf(expiresAt),
});
