import { and, count, eq, isNull } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { randomText } from "../../lib/secrets.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { plainName } from "../../platform/schema.ts";
import { slugTaken, tooManyWorkspaces } from "./errors.ts";
import { workspaceCreated } from "./events.ts";
import { type NewWorkspace, toWorkspace, type Workspace, type WorkspaceRow } from "./model.ts";
import { ownSettings, patchedSettings } from "./settings.ts";
import { testRowOf } from "./test-side.ts";

/** Makes a workspace that whoever asks owns. */
export async function createWorkspace(ctx: Context, input: NewWorkspace): Promise<Workspace> {
  const { userId } = personOf(ctx);
  try {
    return await change(ctx, async (tx) => {
      await refuseTooMany(tx, ctx, userId);
      return addWorkspace(tx, ctx, { ...input, ownerId: userId });
    });
  } catch (error) {
    throw uniqueViolation(error) === "workspaces_slug" ? slugTaken(error) : error;
  }
}

export interface WorkspaceToAdd extends NewWorkspace {
  /** Null for a workspace that only keys open. */
  readonly ownerId: Id<"usr"> | null;
}

/** The same inside a change that does more. */
export async function addWorkspace(tx: Change, ctx: Context, input: WorkspaceToAdd): Promise<Workspace> {
  const { ownerId } = input;
  const slug = input.slug ?? (await freeSlug(tx, ctx, input.name));
  return insert(tx, ctx, { ...input, slug, ownerId, personalOf: null });
}

/** The workspace that comes with every account. It can be neither shared nor deleted. */
export const addPersonalWorkspace = (tx: Change, ctx: Context, userId: Id<"usr">): Promise<Workspace> =>
  insert(tx, ctx, { name: "Personal", slug: null, ownerId: userId, personalOf: userId });

/** For accounts that are older than personal workspaces. */
export async function ensurePersonalWorkspace(ctx: Context, userId: Id<"usr">): Promise<void> {
  const { workspaces } = ctx.db.tables;
  const [known] = await ctx.db.read
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(eq(workspaces.personalOf, userId))
    .limit(1);
  if (known) return;
  try {
    await change(ctx, (tx) => addPersonalWorkspace(tx, ctx, userId));
  } catch (error) {
    // Somebody was first: the same person, in another window.
    if (uniqueViolation(error) !== "workspaces_personal_of") throw error;
  }
}

interface ToInsert extends Omit<NewWorkspace, "slug"> {
  readonly slug: string | null;
  readonly ownerId: Id<"usr"> | null;
  readonly personalOf: Id<"usr"> | null;
}

async function insert(tx: Change, ctx: Context, input: ToInsert): Promise<Workspace> {
  const { workspaces, members } = ctx.db.tables;
  const { ownerId, slug, personalOf } = input;
  const live: WorkspaceRow & { createdBy: string } = {
    id: newId("ws", tx.now),
    name: plainName(input.name),
    slug,
    testOf: null,
    personalOf,
    ...patchedSettings(ownSettings, input),
    defaultDomainId: null,
    createdBy: ownerId ?? ctx.actor.id,
    createdAt: tx.now,
    updatedAt: tx.now,
    deletedAt: null,
    purgeAt: null,
  };
  const test = testRowOf(live, tx.now);
  await tx.insert(workspaces).values(live);
  await tx.insert(workspaces).values(test);
  if (ownerId)
    await tx
      .insert(members)
      .values({ workspaceId: live.id, userId: ownerId, role: "owner", createdAt: tx.now });
  const workspace = toWorkspace(live, test.id);
  tx.record(workspaceCreated, workspace.id, workspace, live.id);
  return workspace;
}

/** @throws AppError FORBIDDEN when one more would be too many for this account */
export async function refuseTooMany(tx: Tx, ctx: Context, userId: Id<"usr">): Promise<void> {
  const max = ctx.config.WAYPOST_WORKSPACES_MAX;
  if (max === 0) return;
  const { workspaces, members } = ctx.db.tables;
  const [owned] = await tx
    .select({ total: count() })
    .from(members)
    .innerJoin(workspaces, and(eq(workspaces.id, members.workspaceId), isNull(workspaces.personalOf)))
    .where(and(eq(members.userId, userId), eq(members.role, "owner")));
  if ((owned?.total ?? 0) >= max) throw tooManyWorkspaces(max);
}

const SLUG_MAX = 40;
const LETTERS = "0123456789abcdefghijkmnpqrstuvwxyz";

/** A slug out of the name; with some letters of chance when it is taken, or the name has none that a slug may hold. */
async function freeSlug(tx: Tx, ctx: Context, name: string): Promise<string> {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_MAX)
    .replace(/^-+|-+$/g, "");
  if (plain.length < 3) return `workspace-${randomText(8, LETTERS)}`;
  const { workspaces } = ctx.db.tables;
  const [taken] = await tx
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(eq(workspaces.slug, plain))
    .limit(1);
  return taken ? `${plain}-${randomText(6, LETTERS)}` : plain;
}
