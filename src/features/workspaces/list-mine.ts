import { aliasedTable, and, asc, count, eq, gt, isNotNull, isNull } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { ensurePersonalWorkspace } from "./add.ts";
import { permissionsOfRole } from "./memberships.ts";
import { type MyWorkspace, toWorkspace } from "./model.ts";

export interface MineFilter {
  readonly slug?: string;
  /** Those that the caller owns, has deleted, and can still restore. */
  readonly deleted?: boolean;
}

/** The workspaces of whoever asks, with what they may do there; oldest first. */
export async function listMyWorkspaces(
  ctx: Context,
  filter: MineFilter,
  { limit, offset, after }: PageRequest,
): Promise<Page<MyWorkspace>> {
  const { userId } = personOf(ctx);
  await ensurePersonalWorkspace(ctx, userId);
  const { workspaces, members, roles } = ctx.db.tables;
  const test = aliasedTable(workspaces, "test");
  const wanted = and(
    eq(members.userId, userId),
    ...(filter.deleted
      ? [isNotNull(workspaces.deletedAt), eq(members.role, "owner")]
      : [isNull(workspaces.deletedAt)]),
    filter.slug === undefined ? undefined : eq(workspaces.slug, filter.slug),
  );
  const [counted] = await ctx.db.read
    .select({ total: count() })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .where(wanted);
  const rows = await ctx.db.read
    .select({ row: workspaces, testId: test.id, role: members.role, granted: roles.permissions })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .leftJoin(test, eq(test.testOf, workspaces.id))
    .leftJoin(roles, and(eq(roles.workspaceId, members.workspaceId), eq(roles.id, members.role)))
    .where(and(wanted, after ? gt(workspaces.id, after.id as Id<"ws">) : undefined))
    .orderBy(asc(workspaces.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit).map(({ row, testId, role, granted }) => ({
    ...toWorkspace(row, testId),
    role,
    permissions: [...permissionsOfRole(role, granted)],
  }));
  const last = items.at(-1);
  return {
    items,
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}
