import { and, desc, eq, gt, isNull, ne } from "drizzle-orm";
import type { Tables } from "../../db/schema/tables.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";

export type UserRow = Tables["users"]["$inferSelect"];
export type SessionRow = Tables["sessions"]["$inferSelect"];
type Reader = Pick<Change, "select">;

export async function userById(
  ctx: Context,
  id: Id<"usr">,
  read: Reader = ctx.db.read,
): Promise<UserRow | null> {
  const { users } = ctx.db.tables;
  const [row] = await read.select().from(users).where(eq(users.id, id)).limit(1);
  return row ?? null;
}

/** `key` is the address as accounts are compared. */
export async function userByKey(
  ctx: Context,
  key: string,
  read: Reader = ctx.db.read,
): Promise<UserRow | null> {
  const { users } = ctx.db.tables;
  const [row] = await read.select().from(users).where(eq(users.emailKey, key)).limit(1);
  return row ?? null;
}

/** Sessions of a person that are alive, newest first. */
export function liveSessions(
  ctx: Context,
  userId: Id<"usr">,
  read: Reader = ctx.db.read,
  except?: Id<"ses"> | null,
): Promise<SessionRow[]> {
  const { sessions } = ctx.db.tables;
  const now = ctx.clock.now();
  return read
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.endedAt),
        gt(sessions.expiresAt, now),
        gt(sessions.usedAt, now - ctx.config.WAYPOST_SESSION_IDLE),
        except ? ne(sessions.id, except) : undefined,
      ),
    )
    .orderBy(desc(sessions.id))
    .limit(SESSIONS_MAX);
}

/** More than anybody has; those beyond end by themselves. */
const SESSIONS_MAX = 1000;
