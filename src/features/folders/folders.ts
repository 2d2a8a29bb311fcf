import { eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { selectMemberFor } from "../members/read.ts";
import { liveSideOf } from "../workspaces/sides.ts";
import { assertMayChange, assertMayClose, type Reach, reachOf } from "./access.ts";
import { folderCreated, folderDeleted, folderUpdated } from "./events.ts";
import {
  type Folder,
  type FolderPatch,
  type FolderRow,
  folderNamed,
  type Named,
  type NewFolder,
  toFolderCore,
} from "./model.ts";
import { countLinks, hasLinks, type Reader, selectFolders, selectNamed } from "./store.ts";
import { checkPlace } from "./tree.ts";

/** A tree of so many is read as a whole. */
const FOLDERS_MAX = 1000;

/** All that the caller may see, by name; `parentId` makes them a tree. */
export async function listFolders(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Folder>> {
  const { read } = ctx.db;
  const reach = await reachOf(read, ctx);
  const all = (await selectFolders(read, ctx)).filter(({ id }) => !reach.hidden.has(id));
  const place = after ? all.findIndex((one) => isBeyond(one, String(after.value), after.id)) : offset;
  const rows = place < 0 ? [] : all.slice(place, place + limit);
  const last = rows.at(-1);
  return {
    items: await shown(read, ctx, rows, reach),
    total: all.length,
    next: last && last !== all.at(-1) ? { value: last.nameKey, id: last.id } : null,
  };
}

const isBeyond = ({ nameKey, id }: FolderRow, key: string, seen: string): boolean =>
  Buffer.compare(Buffer.from(nameKey), Buffer.from(key)) > 0 || (nameKey === key && id > seen);

export async function readFolder(ctx: Context, id: string): Promise<Folder> {
  const { row, reach } = await findFolder(ctx.db.read, ctx, id);
  return (await shown(ctx.db.read, ctx, [row], reach))[0]!;
}

export const createFolder = (ctx: Context, input: NewFolder): Promise<Folder> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const [reach, all] = [await reachOf(tx, ctx), await selectFolders(tx, ctx)];
      if (all.length >= FOLDERS_MAX)
        throw new AppError("CONFLICT", `A workspace has at most ${FOLDERS_MAX} folders.`);
      const row: FolderRow = {
        id: newId("fold", tx.now),
        workspaceId: workspaceOf(ctx),
        parentId: parentIn(all, reach, input.parentId ?? null),
        ...folderNamed(input.name),
        access: input.access ?? null,
        createdBy: ctx.actor.id,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      checkPlace(all, null, row.parentId);
      if (row.access !== null || input.members) await assertMayClose(tx, ctx);
      await tx.insert(ctx.db.tables.folders).values(row);
      const members = await nameMembers(tx, ctx, row, [], input.members ?? []);
      tx.record(folderCreated, row.id, toFolderCore(row, members));
      return { ...toFolderCore(row, members), mayChange: true, links: 0 };
    }),
  );

/** Renames, moves, opens or closes it. What stands in it goes with it. */
export const updateFolder = (ctx: Context, id: string, patch: FolderPatch): Promise<Folder> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const { row: before, reach, all } = await findFolder(tx, ctx, id);
      assertMayChange(reach, before.id);
      const row: FolderRow = {
        ...before,
        ...(patch.name === undefined ? {} : folderNamed(patch.name)),
        parentId: patch.parentId === undefined ? before.parentId : parentIn(all, reach, patch.parentId),
        access: patch.access === undefined ? before.access : patch.access,
        updatedAt: tx.now,
      };
      if (row.parentId !== before.parentId) checkPlace(all, row.id, row.parentId);
      if (patch.access !== undefined || patch.members) await assertMayClose(tx, ctx);
      const was = await namedIn(tx, ctx, before.id);
      const members = patch.members ? await nameMembers(tx, ctx, row, was, patch.members) : was;
      const [old, now] = [toFolderCore(before, was), toFolderCore(row, members)];
      if (JSON.stringify({ ...now, updatedAt: old.updatedAt }) === JSON.stringify(old))
        throw new Unchanged((await shown(tx, ctx, [before], reach))[0]!);
      const { folders } = ctx.db.tables;
      await tx.update(folders).set(row).where(eq(folders.id, row.id));
      tx.record(folderUpdated, row.id, withPrevious(old, now));
      return (await shown(tx, ctx, [row], await reachOf(tx, ctx)))[0]!;
    }),
  );

/** Ends a folder that nothing stands in. */
export const deleteFolder = (ctx: Context, id: string): Promise<Folder> =>
  change(ctx, async (tx) => {
    const { row, reach, all } = await findFolder(tx, ctx, id);
    assertMayChange(reach, row.id);
    if (all.some(({ parentId }) => parentId === row.id))
      throw new AppError("CONFLICT", "There are folders in this folder. Move or delete them first.");
    if (await hasLinks(tx, ctx, row.id))
      throw new AppError(
        "CONFLICT",
        "There are links in this folder, the trash included. Move or destroy them first.",
      );
    const [folder] = await shown(tx, ctx, [row], reach);
    const members = await namedIn(tx, ctx, row.id);
    const { folders } = ctx.db.tables;
    await tx.delete(folders).where(eq(folders.id, row.id));
    tx.record(folderDeleted, row.id, toFolderCore(row, members));
    return folder!;
  });

/** Where a folder is to stand: one that the caller sees and may change. */
function parentIn(all: readonly FolderRow[], reach: Reach, parentId: string | null): Id<"fold"> | null {
  if (parentId === null) return null;
  const parent = all.find(({ id }) => id === parentId);
  if (!parent || reach.hidden.has(parent.id))
    throw invalid("/parentId", "parentId is not a folder of this workspace");
  assertMayChange(reach, parent.id);
  return parent.id;
}

/** Writes down who may do what here, in place of what was said before. */
async function nameMembers(
  tx: Change,
  ctx: Context,
  { id: folderId, workspaceId }: FolderRow,
  was: Named,
  wanted: Named,
): Promise<Named> {
  const live = await liveSideOf(tx, ctx);
  const members = [...new Map(wanted.map((one) => [one.userId, one])).values()].sort((a, b) =>
    a.userId < b.userId ? -1 : 1,
  );
  for (const [i, { userId }] of wanted.entries())
    if (!(await selectMemberFor(tx, ctx, live, userId)))
      throw invalid(`/members/${i}/userId`, "userId is not a member of this workspace");
  const { folderMembers } = ctx.db.tables;
  if (was.length > 0) await tx.delete(folderMembers).where(eq(folderMembers.folderId, folderId));
  if (members.length > 0)
    await tx.insert(folderMembers).values(
      members.map(({ userId, access }) => ({
        folderId,
        workspaceId,
        userId: userId as Id<"usr">,
        access,
        createdAt: tx.now,
      })),
    );
  return members;
}

async function namedIn(read: Reader, ctx: Context, id: Id<"fold">): Promise<Named> {
  return selectNamed(read, ctx, await liveSideOf(read, ctx), [id]);
}

async function shown(
  read: Reader,
  ctx: Context,
  rows: readonly FolderRow[],
  reach: Reach,
): Promise<Folder[]> {
  const ids = rows.map(({ id }) => id);
  const links = await countLinks(read, ctx, ids);
  const tellsMembers = ctx.actor.permissions.has("workspace:update");
  const named = tellsMembers ? await selectNamed(read, ctx, await liveSideOf(read, ctx), ids) : [];
  return rows.map((row) => ({
    ...toFolderCore(
      row,
      named.filter(({ folderId }) => folderId === row.id),
    ),
    mayChange: !reach.fixed.has(row.id),
    links: links.get(row.id) ?? 0,
  }));
}

/** @throws AppError NOT_FOUND, for folders that are closed to the caller too */
async function findFolder(
  read: Reader,
  ctx: Context,
  id: string,
): Promise<{ row: FolderRow; reach: Reach; all: FolderRow[] }> {
  const [reach, all] = [await reachOf(read, ctx), await selectFolders(read, ctx)];
  const row = all.find((one) => one.id === id);
  if (!row || reach.hidden.has(row.id)) throw notFound("folder");
  return { row, reach, all };
}

/**
 * The folder a link is to stand in.
 * @throws AppError VALIDATION_ERROR when it is not there for the caller, FORBIDDEN when they may only look at it
 */
export async function folderFor(
  read: Reader,
  ctx: Context,
  folderId: string | null,
): Promise<Id<"fold"> | null> {
  if (folderId === null) return null;
  const { row, reach } = await findFolder(read, ctx, folderId).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw invalid("/folderId", "folderId is not a folder of this workspace");
  });
  assertMayChange(reach, row.id);
  return row.id;
}

const unlessTaken = (work: Promise<Folder>): Promise<Folder> =>
  work.catch((error: unknown) => {
    if (uniqueViolation(error) !== "folders_name") throw error;
    throw new AppError("CONFLICT", "Another folder beside it has this name.", {
      details: [{ path: "/name", message: "name is taken" }],
      cause: error,
    });
  });
