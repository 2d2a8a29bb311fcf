import { and, asc, eq, sql } from "drizzle-orm";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { liveSideOf } from "../workspaces/sides.ts";
import { type Member, toMember } from "./model.ts";
import { selectMembers } from "./store.ts";

/** Members with a text in their name or address, in the order of their accounts. A test side has none of its own. */
export async function searchMembers(ctx: Context, text: string, limit: number): Promise<Member[]> {
  const live = await liveSideOf(ctx.db.read, ctx);
  if (live !== workspaceOf(ctx)) return [];
  const { members, users } = ctx.db.tables;
  const like = `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
  const name = sql`lower(coalesce(${users.firstName}, '') || ' ' || coalesce(${users.lastName}, '') || ' ' || ${users.email})`;
  const rows = await selectMembers(
    ctx.db.read,
    ctx,
    and(eq(members.workspaceId, live), sql`${name} like ${like} escape '\\'`),
  )
    .orderBy(asc(members.userId))
    .limit(limit);
  return rows.map(toMember);
}
