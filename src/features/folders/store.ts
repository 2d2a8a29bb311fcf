import { and, asc, count, eq, gte, inArray, isNull } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { FolderRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;

export const mine = (ctx: Context) => eq(ctx.db.tables.folders.workspaceId, workspaceOf(ctx));

/** All folders of the workspace: they are few (`FOLDERS_MAX`), and their order is a tree. */
export const selectFolders = (read: Reader, ctx: Context): Promise<FolderRow[]> => {
  const { folders } = ctx.db.tables;
  return read.select().from(folders).where(mine(ctx)).orderBy(asc(folders.nameKey), asc(folders.id));
};

/** Who is named in some folders and is a member still. */
export async function selectNamed(read: Reader, ctx: Context, live: Id<"ws">, ids: readonly Id<"fold">[]) {
  if (ids.length === 0) return [];
  const { folderMembers, members } = ctx.db.tables;
  return read
    .select({
      folderId: folderMembers.folderId,
      userId: folderMembers.userId,
      access: folderMembers.access,
    })
    .from(folderMembers)
    .innerJoin(members, and(eq(members.workspaceId, live), eq(members.userId, folderMembers.userId)))
    .where(and(inArray(folderMembers.folderId, [...ids]), gte(folderMembers.createdAt, members.createdAt)))
    .orderBy(asc(folderMembers.userId));
}

/** How many links stand in each, those in the trash left out. */
export async function countLinks(
  read: Reader,
  ctx: Context,
  ids: readonly Id<"fold">[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { links } = ctx.db.tables;
  const rows = await read
    .select({ id: links.folderId, links: count() })
    .from(links)
    .where(
      and(
        eq(links.workspaceId, workspaceOf(ctx)),
        inArray(links.folderId, [...ids]),
        isNull(links.deletedAt),
      ),
    )
    .groupBy(links.folderId);
  return new Map(rows.map(({ id, links: number }) => [id ?? "", number]));
}

/** Whether any link stands in it, the trash included. */
export async function hasLinks(read: Reader, ctx: Context, id: Id<"fold">): Promise<boolean> {
  const { links } = ctx.db.tables;
  const inside = and(eq(links.workspaceId, workspaceOf(ctx)), eq(links.folderId, id));
  return (await read.select({ id: links.id }).from(links).where(inside).limit(1)).length > 0;
}
