import { and, asc, eq, isNull, or } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { workspaceCreated, workspaceUpdated } from "./events.ts";
import { toWorkspace, type Workspace, type WorkspacePatch } from "./model.ts";

/** Makes a workspace inside a change that does more, with its owner when there is one. */
export async function addWorkspace(
  tx: Change,
  ctx: Context,
  { name, ownerId }: { name: string; ownerId: Id<"usr"> | null },
): Promise<Workspace> {
  const { workspaces, members } = ctx.db.tables;
  const row = {
    id: newId("ws", tx.now),
    name: name.trim(),
    defaultDomainId: null,
    testOf: null,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.insert(workspaces).values(row);
  if (ownerId)
    await tx
      .insert(members)
      .values({ workspaceId: row.id, userId: ownerId, role: "owner", createdAt: tx.now });
  const workspace = toWorkspace(row);
  tx.record(workspaceCreated, workspace.id, workspace, row.id);
  return workspace;
}

export async function readWorkspace(ctx: Context): Promise<Workspace> {
  return toWorkspace(await findWorkspace(ctx, ctx.db.read));
}

/** All of them, oldest first, for the operator; test sides are parts of theirs. */
export async function listWorkspaces(ctx: Context): Promise<Workspace[]> {
  const { workspaces } = ctx.db.tables;
  return (
    await ctx.db.read.select().from(workspaces).where(isNull(workspaces.testOf)).orderBy(asc(workspaces.id))
  ).map(toWorkspace);
}

export const updateWorkspace = (ctx: Context, patch: WorkspacePatch): Promise<Workspace> =>
  change(ctx, async (tx) => {
    const { workspaces } = ctx.db.tables;
    const before = await findWorkspace(ctx, tx);
    const defaultDomainId = patch.defaultDomainId as Id<"dom"> | null | undefined;
    if (defaultDomainId) await checkDomain(tx, ctx, defaultDomainId);
    const after = {
      ...before,
      name: patch.name?.trim() ?? before.name,
      defaultDomainId: defaultDomainId === undefined ? before.defaultDomainId : defaultDomainId,
      updatedAt: tx.now,
    };
    await tx.update(workspaces).set(after).where(eq(workspaces.id, before.id));
    const workspace = toWorkspace(after);
    tx.record(workspaceUpdated, workspace.id, workspace);
    return workspace;
  });

/** One's own domain or the installation's; anybody else's does not exist. */
async function checkDomain(tx: Tx, ctx: Context, id: Id<"dom">): Promise<void> {
  const { domains } = ctx.db.tables;
  const usable = or(eq(domains.workspaceId, workspaceOf(ctx)), isNull(domains.workspaceId));
  const [domain] = await tx
    .select({ id: domains.id })
    .from(domains)
    .where(and(eq(domains.id, id), usable))
    .limit(1);
  if (!domain) throw invalid("/defaultDomainId", "defaultDomainId is not a domain of this workspace");
}

async function findWorkspace(ctx: Context, read: Pick<Tx, "select">) {
  const { workspaces } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(workspaces)
    .where(eq(workspaces.id, workspaceOf(ctx)))
    .limit(1);
  if (!row) throw notFound("workspace");
  return row;
}
