import { and, eq } from "drizzle-orm";
import type { RoleName } from "../../db/schema/workspaces.ts";
import type { Id } from "../../lib/ids.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { roles as builtIn, opensDoors, type Permission } from "../../platform/permissions.ts";
import { permissionsOfRole } from "../workspaces/memberships.ts";
import { mayLess, mayMore, noSuchRole } from "./errors.ts";
import type { MemberRow } from "./model.ts";
import type { Reader } from "./store.ts";

export interface KnownRole {
  readonly role: RoleName;
  readonly name: string;
  /** Of a role of the workspace's own; null for those that every workspace has. */
  readonly granted: string[] | null;
}

/**
 * A role that the caller may give: it exists, and grants nothing that they may not do themselves. So only owners make
 * owners. One that opens doors to others asks for a fresh proof: else a borrowed session would lend it to an account
 * that has one.
 * @throws AppError VALIDATION_ERROR naming /role, or FORBIDDEN
 */
export async function grantableRole(
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  named: string,
): Promise<KnownRole> {
  const known = await findRole(read, ctx, workspaceId, named);
  const granted = permissionsOfRole(known.role, known.granted);
  assertMay(ctx, granted);
  if ([...granted].some(opensDoors)) assertFresh(ctx);
  return known;
}

async function findRole(
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  named: string,
): Promise<KnownRole> {
  if (Object.hasOwn(builtIn, named)) return { role: named as RoleName, name: named, granted: null };
  const { roles } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(roles)
    .where(and(eq(roles.workspaceId, workspaceId), eq(roles.id, named as Id<"role">)))
    .limit(1);
  if (!row) throw noSuchRole();
  return { role: row.id, name: row.name, granted: row.permissions };
}

/** @throws AppError FORBIDDEN when the caller lacks any of these */
export function assertMay({ actor }: Context, wanted: Iterable<Permission>): void {
  const missing = [...wanted].filter((one) => !actor.permissions.has(one));
  if (missing.length > 0) throw mayLess(missing);
}

/** Whoever ends an owner, be it themselves, has to have proved just now who they are. @throws AppError FORBIDDEN */
export function assertMayEnd(ctx: Context, { role }: Pick<MemberRow, "role">): void {
  if (role === "owner") assertFresh(ctx);
}

/** @throws AppError FORBIDDEN when the member may do what the caller may not */
export function assertNotAbove({ actor }: Context, { role, granted }: MemberRow): void {
  if (!permissionsOfRole(role, granted).isSubsetOf(actor.permissions)) throw mayMore();
}
