import { and, asc, count, eq, isNull } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import type { RoleName } from "../../db/schema/workspaces.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import {
  roles as builtIn,
  opensDoors,
  permissions as order,
  type Permission,
} from "../../platform/permissions.ts";
import { isoOf, plainName } from "../../platform/schema.ts";
import { assertLiveSide } from "../workspaces/sides.ts";
import { roleInUse, roleNameTaken } from "./errors.ts";
import { roleCreated, roleDeleted, roleUpdated } from "./events.ts";
import { assertMay } from "./grant.ts";
import type { NewRole, Role, RolePatch } from "./model.ts";

/** More would be a list nobody reads; members of one role are no fewer. */
const ROLES_MAX = 100;

type RoleRow = Context["db"]["tables"]["roles"]["$inferSelect"];

/** The four that every workspace has, then its own by name. */
export async function listRoles(ctx: Context): Promise<Role[]> {
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "roles");
  const { roles, members } = ctx.db.tables;
  const [own, counted] = await Promise.all([
    ctx.db.read.select().from(roles).where(eq(roles.workspaceId, workspaceId)).orderBy(asc(roles.nameKey)),
    ctx.db.read
      .select({ role: members.role, total: count() })
      .from(members)
      .where(eq(members.workspaceId, workspaceId))
      .groupBy(members.role),
  ]);
  const membersOf = (role: RoleName) => counted.find((one) => one.role === role)?.total ?? 0;
  const given = (["owner", "admin", "editor", "viewer"] as const).map((name) => ({
    id: name,
    name,
    isBuiltIn: true,
    permissions: [...builtIn[name]],
    createdAt: null,
    updatedAt: null,
    members: membersOf(name),
  }));
  return [...given, ...own.map((row) => ({ ...factsOf(row), members: membersOf(row.id) }))];
}

/** Makes a role. It grants nothing that its maker may not do. */
export async function createRole(ctx: Context, input: NewRole): Promise<Role> {
  assertMay(ctx, input.permissions);
  try {
    return await change(ctx, async (tx) => {
      const workspaceId = await assertLiveSide(tx, ctx, "roles");
      const { roles } = ctx.db.tables;
      if ((await tx.$count(roles, eq(roles.workspaceId, workspaceId))) >= ROLES_MAX)
        throw new AppError("CONFLICT", `A workspace has at most ${ROLES_MAX} roles of its own.`);
      const row: RoleRow = {
        id: newId("role", tx.now),
        workspaceId,
        ...named(input.name),
        permissions: inOrder(input.permissions),
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(roles).values(row);
      tx.record(roleCreated, row.id, factsOf(row));
      return { ...factsOf(row), members: 0 };
    });
  } catch (error) {
    throw uniqueViolation(error) === "roles_name" ? roleNameTaken(error) : error;
  }
}

/** Changes a role for all who have it, at once. Whoever changes it may do all that it grants, before and after. */
export async function updateRole(ctx: Context, id: string, patch: RolePatch): Promise<Role> {
  try {
    return await change(ctx, async (tx) => {
      const before = await findRole(tx, ctx, id);
      assertMay(ctx, before.permissions as Permission[]);
      assertMay(ctx, patch.permissions ?? []);
      // Whoever has the role has it at once.
      const added = (patch.permissions ?? []).filter((one) => !before.permissions.includes(one));
      if (added.some(opensDoors)) assertFresh(ctx);
      const after = {
        ...before,
        ...(patch.name === undefined ? {} : named(patch.name)),
        permissions: patch.permissions ? inOrder(patch.permissions) : before.permissions,
        updatedAt: tx.now,
      };
      const previous = {
        ...(after.name === before.name ? {} : { name: before.name }),
        ...(`${after.permissions}` === `${before.permissions}` ? {} : { permissions: before.permissions }),
      };
      const members = await membersWith(tx, ctx, before);
      if (Object.keys(previous).length === 0) throw new Unchanged({ ...factsOf(before), members });
      const { roles } = ctx.db.tables;
      await tx.update(roles).set(after).where(eq(roles.id, before.id));
      tx.record(roleUpdated, before.id, { ...factsOf(after), previous });
      return { ...factsOf(after), members };
    });
  } catch (error) {
    throw uniqueViolation(error) === "roles_name" ? roleNameTaken(error) : error;
  }
}

/** Deletes a role that nobody has and nobody was invited with. */
export const deleteRole = (ctx: Context, id: string): Promise<Role> =>
  change(ctx, async (tx) => {
    const row = await findRole(tx, ctx, id);
    const { roles, invites } = ctx.db.tables;
    const [members, invited] = [
      await membersWith(tx, ctx, row),
      await tx.$count(
        invites,
        and(eq(invites.workspaceId, row.workspaceId), eq(invites.role, row.id), isNull(invites.endedAt)),
      ),
    ];
    if (members + invited > 0) throw roleInUse(members, invited);
    await tx.delete(roles).where(eq(roles.id, row.id));
    tx.record(roleDeleted, row.id, factsOf(row));
    return { ...factsOf(row), members: 0 };
  });

const membersWith = (tx: Change, ctx: Context, { id, workspaceId }: RoleRow): Promise<number> => {
  const { members } = ctx.db.tables;
  return tx.$count(members, and(eq(members.workspaceId, workspaceId), eq(members.role, id)));
};

async function findRole(tx: Change, ctx: Context, id: string): Promise<RoleRow> {
  const workspaceId = await assertLiveSide(tx, ctx, "roles");
  const { roles } = ctx.db.tables;
  const [row] = await tx
    .select()
    .from(roles)
    .where(and(eq(roles.workspaceId, workspaceId), eq(roles.id, id as Id<"role">)))
    .limit(1);
  if (!row) throw notFound("role");
  return row;
}

const named = (text: string) => {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
};

const inOrder = (some: readonly Permission[]): Permission[] => order.filter((one) => some.includes(one));

const factsOf = ({ id, name, permissions, createdAt, updatedAt }: RoleRow) => ({
  id,
  name,
  isBuiltIn: false,
  permissions,
  createdAt: isoOf(createdAt),
  updatedAt: isoOf(updatedAt),
});
