import { and, eq, sql } from "drizzle-orm";
import type { Memberships } from "../../platform/callers.ts";
import type { Ports } from "../../platform/context.ts";
import { roles } from "../../platform/permissions.ts";

/** What people may do in workspaces: on the test side the same as on the live one. */
export function openMemberships({ db }: Pick<Ports, "db">): Memberships {
  const { members, workspaces } = db.tables;
  return {
    async permissionsOf({ userId }, workspaceId) {
      const home = sql`coalesce(${workspaces.testOf}, ${workspaces.id})`;
      const [row] = await db.read
        .select({ role: members.role })
        .from(workspaces)
        .innerJoin(members, and(eq(members.workspaceId, home), eq(members.userId, userId)))
        .where(eq(workspaces.id, workspaceId))
        .limit(1);
      return row ? new Set(roles[row.role]) : null;
    },
  };
}
