import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import type { Memberships } from "../../platform/callers.ts";
import { roles } from "../../platform/permissions.ts";

/** What members may do, by their role. */
export const openMemberships = (db: Database): Memberships => ({
  async permissionsOf({ userId }, workspaceId) {
    const { members } = db.tables;
    const [row] = await db.read
      .select({ role: members.role })
      .from(members)
      .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)))
      .limit(1);
    return row ? new Set(roles[row.role]) : null;
  },
});
