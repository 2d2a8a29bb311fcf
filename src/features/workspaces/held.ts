import { and, eq, exists, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Context } from "../../platform/context.ts";

/**
 * Whether whoever bounds a key is there still: a member of the workspace that keeps it, or for an operator's key an
 * operator; with an account that is open. A key that nobody bounds is held by the operator of the machine.
 */
export function isHeld(read: Pick<Tx, "select">, { db }: Pick<Context, "db">): SQL | undefined {
  const { keys, users, workspaces, members } = db.tables;
  const home = sql`coalesce(${workspaces.testOf}, ${workspaces.id})`;
  const isOperators = and(isNull(keys.workspaceId), eq(users.operator, true));
  const holder = read
    .select({ id: users.id })
    .from(users)
    .leftJoin(workspaces, eq(workspaces.id, keys.workspaceId))
    .leftJoin(members, and(eq(members.userId, users.id), eq(members.workspaceId, home)))
    .where(
      and(eq(users.id, keys.makerId), isNull(users.disabledAt), or(isNotNull(members.userId), isOperators)),
    );
  return or(isNull(keys.makerId), exists(holder));
}
