import { and, eq, gt, isNull } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";

export type Reader = Pick<Tx, "select">;

/** An invitation of this workspace. */
export async function selectInvite(read: Reader, ctx: Context, workspaceId: Id<"ws">, id: string) {
  const { invites } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(invites)
    .where(and(eq(invites.workspaceId, workspaceId), eq(invites.id, id as Id<"inv">)))
    .limit(1);
  return row;
}

/** Invitations that can be accepted now, with the workspace they are to and how its role is called. */
export function selectReceived(read: Reader, ctx: Context, now: number) {
  const { invites, workspaces, roles } = ctx.db.tables;
  const open = and(isNull(invites.endedAt), gt(invites.expiresAt, now), isNull(workspaces.deletedAt));
  return {
    open,
    query: read
      .select({ invite: invites, workspace: workspaces, ownRole: roles })
      .from(invites)
      .innerJoin(workspaces, eq(workspaces.id, invites.workspaceId))
      .leftJoin(roles, and(eq(roles.workspaceId, invites.workspaceId), eq(roles.id, invites.role as never))),
  };
}
