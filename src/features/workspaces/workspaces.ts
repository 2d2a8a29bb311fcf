import { and, eq, isNull, or } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { plainName } from "../../platform/schema.ts";
import { slugTaken } from "./errors.ts";
import { workspaceUpdated } from "./events.ts";
import { toWorkspace, type Workspace, type WorkspacePatch, type WorkspaceRow } from "./model.ts";
import { patchedSettings } from "./settings.ts";
import { assertLiveSide } from "./sides.ts";
import {
  type AllFilter,
  bothSides,
  type Found,
  liveSides,
  type Reader,
  selectWorkspace,
  selectWorkspaces,
} from "./store.ts";

export async function readWorkspace(ctx: Context): Promise<Workspace> {
  const { row, testId } = await findWorkspace(ctx.db.read, ctx);
  return toWorkspace(row, testId);
}

/** All of them, oldest first, for the operator. */
export async function listWorkspaces(
  ctx: Context,
  filter: AllFilter,
  { limit, offset, after }: PageRequest,
): Promise<Page<Workspace>> {
  const wanted = liveSides(ctx, filter);
  const total = await ctx.db.read.$count(ctx.db.tables.workspaces, wanted);
  const found = await selectWorkspaces(ctx, wanted, { limit: limit + 1, offset, after: after?.id ?? null });
  const items = found.slice(0, limit).map(({ row, testId }) => toWorkspace(row, testId));
  const last = items.at(-1);
  return {
    items,
    total,
    next: found.length > limit && last ? { value: null, id: last.id } : null,
  };
}

/** Changes what the patch names. The test side is set up alike. */
export async function updateWorkspace(ctx: Context, patch: WorkspacePatch): Promise<Workspace> {
  try {
    return await change(ctx, async (tx) => {
      await assertLiveSide(tx, ctx, "settings");
      const { row: before, testId } = await findWorkspace(tx, ctx);
      const after = await patched(tx, ctx, before, patch);
      const workspace = toWorkspace(after, testId);
      const previous = changedFields(toWorkspace(before, testId), workspace);
      if (Object.keys(previous).length === 0) throw new Unchanged(toWorkspace(before, testId));
      const { workspaces } = ctx.db.tables;
      const { slug, name, timeZone, locale, brand, linkDefaults, defaultDomainId, updatedAt } = after;
      const shared = { name, timeZone, locale, brand, linkDefaults, updatedAt };
      await tx.update(workspaces).set(shared).where(bothSides(ctx, before.id));
      // A test side without a default domain takes the live side's, and has no slug.
      await tx.update(workspaces).set({ slug, defaultDomainId }).where(eq(workspaces.id, before.id));
      tx.record(workspaceUpdated, workspace.id, { ...workspace, previous });
      return workspace;
    });
  } catch (error) {
    throw uniqueViolation(error) === "workspaces_slug" ? slugTaken(error) : error;
  }
}

async function patched(
  tx: Tx,
  ctx: Context,
  before: WorkspaceRow,
  patch: WorkspacePatch,
): Promise<WorkspaceRow> {
  const defaultDomainId = patch.defaultDomainId as Id<"dom"> | null | undefined;
  if (defaultDomainId) await checkDomain(tx, ctx, defaultDomainId);
  return {
    ...before,
    name: patch.name === undefined ? before.name : plainName(patch.name),
    slug: patch.slug ?? before.slug,
    ...patchedSettings(before, patch),
    defaultDomainId: defaultDomainId === undefined ? before.defaultDomainId : defaultDomainId,
    updatedAt: tx.now,
  };
}

/** The fields of `before` that `after` has otherwise, but for when it was changed. */
const changedFields = (before: Workspace, after: Workspace): Partial<Workspace> =>
  Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) =>
        name !== "updatedAt" && JSON.stringify(value) !== JSON.stringify(after[name as keyof Workspace]),
    ),
  );

/** One's own domain or the installation's; anybody else's does not exist. */
async function checkDomain(tx: Tx, ctx: Context, id: Id<"dom">): Promise<void> {
  const { domains } = ctx.db.tables;
  const usable = or(eq(domains.workspaceId, workspaceOf(ctx)), isNull(domains.workspaceId));
  const [domain] = await tx
    .select({ archivedAt: domains.archivedAt })
    .from(domains)
    .where(and(eq(domains.id, id), usable))
    .limit(1);
  if (!domain) throw invalid("/defaultDomainId", "defaultDomainId is not a domain of this workspace");
  if (domain.archivedAt !== null) throw invalid("/defaultDomainId", "defaultDomainId is an archived domain");
}

/** The caller's workspace. @throws AppError NOT_FOUND */
export async function findWorkspace(read: Reader, ctx: Context): Promise<Found> {
  const found = await selectWorkspace(read, ctx, workspaceOf(ctx));
  if (!found) throw notFound("workspace");
  return found;
}
