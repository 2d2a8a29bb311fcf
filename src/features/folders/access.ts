import { and, eq, gte, isNotNull, sql } from "drizzle-orm";
import type { FolderAccess } from "../../db/schema/organise.ts";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { permissionsOfRole } from "../workspaces/memberships.ts";
import { liveSideOf } from "../workspaces/sides.ts";
import { type Reader, selectFolders } from "./store.ts";

/** Which folders of the workspace are closed to whoever asks. */
export interface Reach {
  /** Neither they nor their links are there. */
  readonly hidden: ReadonlySet<string>;
  /** May be seen, and nothing in them be changed. */
  readonly fixed: ReadonlySet<string>;
}

const everything: Reach = { hidden: new Set(), fixed: new Set() };

/** Somebody or something that rights in folders are asked for. */
type Subject = { readonly userId: Id<"usr"> } | "nobody";

/**
 * What the caller may do in which folder. The nearest word counts: what the folder says of the member, then what it says of
 * all, then the same of the folder above; where nobody says anything, all may change everything. Who may change the
 * workspace sees and changes all. A key reaches what its maker reaches; one that no person has made, what members do who are
 * named nowhere, unless it may change the workspace. A key beside a person reaches what both do.
 */
export async function reachOf(read: Reader, ctx: Context): Promise<Reach> {
  if (ctx.actor.workspaceId === null || !(await anyRestricted(read, ctx))) return everything;
  const subjects = await subjectsOf(read, ctx);
  if (subjects.length === 0) return everything;
  const folders = await selectFolders(read, ctx);
  const [hidden, fixed] = [new Set<string>(), new Set<string>()];
  for (const subject of subjects) {
    const own = await ownAccess(read, ctx, subject);
    const known = new Map<string, FolderAccess>();
    const accessTo = (id: Id<"fold"> | null): FolderAccess => {
      const folder = id === null ? undefined : byId.get(id);
      if (!folder) return "write";
      const access = known.get(folder.id) ?? own.get(folder.id) ?? folder.access ?? accessTo(folder.parentId);
      known.set(folder.id, access);
      return access;
    };
    const byId = new Map(folders.map((one) => [one.id, one]));
    for (const { id } of folders) {
      const access = accessTo(id);
      if (access === "none") hidden.add(id);
      else if (access === "read") fixed.add(id);
    }
  }
  return { hidden, fixed };
}

/** Most workspaces close no folder: they pay for nothing but this question. */
async function anyRestricted(read: Reader, ctx: Context): Promise<boolean> {
  const { folders, folderMembers } = ctx.db.tables;
  const here = workspaceOf(ctx);
  const [closed] = await read
    .select({ id: folders.id })
    .from(folders)
    .where(and(eq(folders.workspaceId, here), isNotNull(folders.access)))
    .limit(1);
  if (closed) return true;
  const [named] = await read
    .select({ id: folderMembers.folderId })
    .from(folderMembers)
    .where(eq(folderMembers.workspaceId, here))
    .limit(1);
  return named !== undefined;
}

/** Those who reach all are left out. */
async function subjectsOf(read: Reader, ctx: Context): Promise<Subject[]> {
  const { actor } = ctx;
  const subjects: Subject[] = [];
  if (actor.person && !(await reachesAll(read, ctx, actor.person.userId)))
    subjects.push({ userId: actor.person.userId });
  if (actor.application) {
    const { keys } = ctx.db.tables;
    const [key] = await read
      .select({ makerId: keys.makerId })
      .from(keys)
      .where(eq(keys.id, actor.application.keyId))
      .limit(1);
    const userId = key?.makerId ?? null;
    if (userId === null) {
      if (!actor.application.permissions.has("workspace:update")) subjects.push("nobody");
    } else if (!(await reachesAll(read, ctx, userId))) subjects.push({ userId });
  }
  return subjects;
}

async function reachesAll(read: Reader, ctx: Context, userId: Id<"usr">): Promise<boolean> {
  const { members, roles } = ctx.db.tables;
  const [row] = await read
    .select({ role: members.role, granted: roles.permissions })
    .from(members)
    .leftJoin(roles, and(eq(roles.workspaceId, members.workspaceId), eq(roles.id, sql`${members.role}`)))
    .where(and(eq(members.workspaceId, await liveSideOf(read, ctx)), eq(members.userId, userId)))
    .limit(1);
  return row !== undefined && permissionsOfRole(row.role, row.granted).has("workspace:update");
}

/** What was said of a member who has left and come back was said of another membership. */
async function ownAccess(
  read: Reader,
  ctx: Context,
  subject: Subject,
): Promise<ReadonlyMap<string, FolderAccess>> {
  if (subject === "nobody") return new Map();
  const { folderMembers, members } = ctx.db.tables;
  const here = await liveSideOf(read, ctx);
  const rows = await read
    .select({ id: folderMembers.folderId, access: folderMembers.access })
    .from(folderMembers)
    .innerJoin(members, and(eq(members.workspaceId, here), eq(members.userId, folderMembers.userId)))
    .where(
      and(
        eq(folderMembers.workspaceId, workspaceOf(ctx)),
        eq(folderMembers.userId, subject.userId),
        gte(folderMembers.createdAt, members.createdAt),
      ),
    );
  return new Map(rows.map(({ id, access }) => [id, access]));
}

/** Whether the caller says who sees a folder: whoever may change the workspace. @throws AppError FORBIDDEN */
export async function assertMayClose(read: Reader, ctx: Context): Promise<void> {
  const { actor } = ctx;
  const may = actor.permissions.has("workspace:update") || actor.kind === "system";
  if (!may || (actor.person && !(await reachesAll(read, ctx, actor.person.userId))))
    throw new AppError(
      "FORBIDDEN",
      "Who sees a folder is said by those who may change the workspace (workspace:update).",
    );
}

/** @throws AppError FORBIDDEN in a folder that the caller may only look at */
export function assertMayChange({ fixed }: Reach, folderId: string | null): void {
  if (folderId !== null && fixed.has(folderId))
    throw new AppError("FORBIDDEN", "You may look at this folder, and change nothing in it.");
}
