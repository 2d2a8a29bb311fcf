import { and, asc, eq, gt, inArray, isNull, or } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, type EventType, Unchanged } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { refuseTooMany } from "../workspaces/add.ts";
import { assertLiveSide } from "../workspaces/sides.ts";
import { lastOwner } from "./errors.ts";
import { memberLeft, memberRemoved, memberUpdated } from "./events.ts";
import { assertMayEnd, assertNotAbove, grantableRole } from "./grant.ts";
import { type Member, type MemberRemoved, type MemberRow, toMember } from "./model.ts";
import { otherOwnersOf, type Reader, selectMember, selectMembers } from "./store.ts";

/** In the order of their accounts. */
export async function listMembers(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Member>> {
  const { members } = ctx.db.tables;
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "members");
  const here = eq(members.workspaceId, workspaceId);
  const total = await ctx.db.read.$count(members, here);
  const beyond = after ? gt(members.userId, after.id as Id<"usr">) : undefined;
  const rows = await selectMembers(ctx.db.read, ctx, and(here, beyond))
    .orderBy(asc(members.userId))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toMember),
    total,
    next: rows.length > limit && last ? { value: null, id: last.userId } : null,
  };
}

export async function readMember(ctx: Context, userId: string): Promise<Member> {
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "members");
  return toMember(await findMember(ctx.db.read, ctx, workspaceId, userId));
}

/** Gives a member another role. Nobody touches whoever may more than they, and an owner is always left. */
export const changeRole = (ctx: Context, userId: string, named: string): Promise<Member> =>
  change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "members");
    const before = await findMember(tx, ctx, workspaceId, userId);
    assertNotAbove(ctx, before);
    const { role, name, granted } = await grantableRole(tx, ctx, workspaceId, named);
    if (role === before.role) throw new Unchanged(toMember(before));
    assertMayEnd(ctx, before);
    if (role === "owner") await refuseTooMany(tx, ctx, before.userId);
    else await assertAnotherOwner(tx, ctx, workspaceId, before);
    await setRole(tx, ctx, workspaceId, before.userId, role);
    const isOwn = role.startsWith("role_");
    const member = toMember({ ...before, role, granted, ownName: isOwn ? name : null });
    const { role: previousRole, roleName } = toMember(before);
    tx.record(memberUpdated, before.userId, { ...member, previous: { role: previousRole, roleName } });
    return member;
  });

/** Takes a member out of the workspace, and tells which keys go with them. */
export const removeMember = (ctx: Context, userId: string): Promise<MemberRemoved> =>
  change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "members");
    const row = await findMember(tx, ctx, workspaceId, userId);
    assertNotAbove(ctx, row);
    const endedKeys = ctx.actor.permissions.has("keys:read") ? await keysOf(tx, ctx, workspaceId, row) : null;
    return { ...(await end(tx, ctx, workspaceId, row, memberRemoved)), endedKeys };
  });

/** Those of both sides that opened something until now, in the order in which they were made. */
function keysOf(tx: Change, ctx: Context, workspaceId: Id<"ws">, { userId }: MemberRow) {
  const { keys, workspaces } = ctx.db.tables;
  const sides = tx
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(or(eq(workspaces.id, workspaceId), eq(workspaces.testOf, workspaceId)));
  const inForce = and(isNull(keys.revokedAt), or(isNull(keys.expiresAt), gt(keys.expiresAt, tx.now)));
  return tx
    .select({ id: keys.id, name: keys.name })
    .from(keys)
    .where(and(inArray(keys.workspaceId, sides), eq(keys.makerId, userId), inForce))
    .orderBy(asc(keys.id));
}

/** Goes out of the workspace by oneself: nobody needs a permission for that. */
export function leaveWorkspace(ctx: Context): Promise<Member> {
  const { userId } = personOf(ctx);
  return change(ctx, async (tx) => {
    const workspaceId = await assertLiveSide(tx, ctx, "members");
    return end(tx, ctx, workspaceId, await findMember(tx, ctx, workspaceId, userId), memberLeft);
  });
}

/** The same of every workspace that is there, by somebody whose account goes: what becomes of ownership is settled before. */
export async function leaveAll(tx: Change, ctx: Context, userId: Id<"usr">): Promise<void> {
  const { members, workspaces } = ctx.db.tables;
  const rows = await tx
    .select({ id: members.workspaceId })
    .from(members)
    .innerJoin(workspaces, and(eq(workspaces.id, members.workspaceId), isNull(workspaces.deletedAt)))
    .where(eq(members.userId, userId))
    .orderBy(asc(members.workspaceId));
  for (const { id } of rows) await takeOut(tx, ctx, id, await findMember(tx, ctx, id, userId), memberLeft);
}

/** An offer of the workspace to them or by them goes with them. */
async function end(
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  row: MemberRow,
  event: EventType<typeof Member>,
): Promise<Member> {
  assertMayEnd(ctx, row);
  await assertAnotherOwner(tx, ctx, workspaceId, row);
  return takeOut(tx, ctx, workspaceId, row, event);
}

async function takeOut(
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  row: MemberRow,
  event: EventType<typeof Member>,
): Promise<Member> {
  const { members, transfers } = ctx.db.tables;
  const theirs = or(eq(transfers.fromUserId, row.userId), eq(transfers.toUserId, row.userId));
  await tx.delete(transfers).where(and(eq(transfers.workspaceId, workspaceId), theirs));
  await tx.delete(members).where(and(eq(members.workspaceId, workspaceId), eq(members.userId, row.userId)));
  const member = toMember(row);
  tx.record(event, row.userId, member, workspaceId);
  return member;
}

/** @throws AppError CONFLICT when this is the last owner */
export async function assertAnotherOwner(
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  { role, userId }: Pick<MemberRow, "role" | "userId">,
): Promise<void> {
  if (role !== "owner") return;
  const others = await tx.$count(ctx.db.tables.members, otherOwnersOf(tx, ctx, workspaceId, userId));
  if (others === 0) throw lastOwner();
}

export async function setRole(
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  userId: Id<"usr">,
  role: MemberRow["role"],
): Promise<void> {
  const { members } = ctx.db.tables;
  await tx
    .update(members)
    .set({ role })
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)));
}

/** @throws AppError NOT_FOUND, for people of other workspaces too */
export async function findMember(
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  userId: string,
): Promise<MemberRow> {
  const row = await selectMember(read, ctx, workspaceId, userId);
  if (!row) throw notFound("member");
  return row;
}
