import { and, eq, inArray, isNull, ne } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { freshPersonOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { giveUpWorkspace } from "../workspaces/remove.ts";
import type { AccountEnds } from "./account-ends.ts";
import { sessionOver } from "./errors.ts";
import { userDeleted } from "./events.ts";
import { queueNotice } from "./notices.ts";
import { endAllSessions } from "./sessions.ts";
import { userById } from "./store.ts";

/**
 * Deletes one's own account and all that is only its own. A workspace whose last owner this is must be handed over,
 * deleted, or named here: what becomes of it is not guessed. The personal one goes with the account.
 * @throws AppError CONFLICT naming what is left to settle
 */
export async function deleteAccount(
  ctx: Context,
  workspaces: readonly string[],
  ends: AccountEnds,
): Promise<void> {
  const { userId } = freshPersonOf(ctx);
  await change(ctx, async (tx) => {
    const user = await userById(ctx, userId, tx);
    if (user === null) throw sessionOver();
    if (user.operator) await keepAnOperator(tx, ctx, userId);
    const alone = await ownedAlone(tx, ctx, userId);
    const left = alone.filter(({ id, personalOf }) => personalOf !== userId && !workspaces.includes(id));
    if (left.length > 0) throw stillOwned(left);
    for (const one of alone) await giveUpWorkspace(tx, ctx, one.id, one.personalOf === userId);
    await endAllSessions(tx, ctx, userId, "signed_out");
    await ends.leaveWorkspaces(tx, ctx, userId);
    // The letter goes out after the account, and names nothing of it but its address.
    await queueNotice(tx, ctx, user, "accountDeleted");
    await tx.delete(ctx.db.tables.users).where(eq(ctx.db.tables.users.id, userId));
    tx.record(userDeleted, userId, { id: userId }, null);
    ends.forget(tx, ctx, userId);
  });
}

/** Workspaces that are there, without an owner but this one who can sign in. */
async function ownedAlone(
  tx: Change,
  ctx: Context,
  userId: Id<"usr">,
): Promise<{ readonly id: Id<"ws">; readonly name: string; readonly personalOf: Id<"usr"> | null }[]> {
  const { members, users, workspaces } = ctx.db.tables;
  const mine = await tx
    .select({ id: workspaces.id, name: workspaces.name, personalOf: workspaces.personalOf })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .where(and(eq(members.userId, userId), eq(members.role, "owner"), isNull(workspaces.deletedAt)));
  if (mine.length === 0) return [];
  const ids = mine.map(({ id }) => id);
  const others = await tx
    .selectDistinct({ id: members.workspaceId })
    .from(members)
    .innerJoin(users, and(eq(users.id, members.userId), isNull(users.disabledAt)))
    .where(and(inArray(members.workspaceId, ids), eq(members.role, "owner"), ne(members.userId, userId)));
  const shared = new Set(others.map(({ id }) => id));
  return mine.filter(({ id }) => !shared.has(id));
}

/** Somebody who can sign in must be left to run the installation. */
async function keepAnOperator(tx: Change, ctx: Context, userId: Id<"usr">): Promise<void> {
  const { users } = ctx.db.tables;
  const [other] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.operator, true), isNull(users.disabledAt), ne(users.id, userId)))
    .limit(1);
  if (!other) throw new AppError("CONFLICT", "You are the last operator: make another one first.");
}

const stillOwned = (left: readonly { readonly id: string; readonly name: string }[]) =>
  new AppError("CONFLICT", "You are the last owner of workspaces: hand them over or delete them first.", {
    details: left.map(({ id, name }) => ({
      path: `/workspaces/${id}`,
      message: `${name} has no other owner`,
    })),
  });
