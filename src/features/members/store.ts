import { and, eq, inArray, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { MemberRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;

/** Members with who they are and what their role is called: what every read of members begins with. */
export function selectMembers(read: Reader, ctx: Context, wanted: SQL | undefined) {
  const { members, users, roles } = ctx.db.tables;
  return read
    .select({
      userId: members.userId,
      role: members.role,
      ownName: roles.name,
      granted: roles.permissions,
      email: users.email,
      firstName: users.firstName,
      lastName: users.lastName,
      locale: users.locale,
      timeZone: users.timeZone,
      createdAt: members.createdAt,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .leftJoin(roles, and(eq(roles.workspaceId, members.workspaceId), eq(roles.id, sql`${members.role}`)))
    .where(wanted);
}

export async function selectMember(
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  userId: string,
): Promise<MemberRow | undefined> {
  const { members } = ctx.db.tables;
  const one = and(eq(members.workspaceId, workspaceId), eq(members.userId, userId as Id<"usr">));
  const [row] = await selectMembers(read, ctx, one).limit(1);
  return row;
}

/** Owners but this one who can sign in: one whose account was closed looks after nothing. */
export const otherOwnersOf = (
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  userId: string,
): SQL | undefined => {
  const { members, users } = ctx.db.tables;
  const open = read.select({ id: users.id }).from(users).where(isNull(users.disabledAt));
  return and(
    eq(members.workspaceId, workspaceId),
    eq(members.role, "owner"),
    ne(members.userId, userId as Id<"usr">),
    inArray(members.userId, open),
  );
};
