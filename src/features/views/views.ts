import { and, asc, count, eq, or } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import { viewCreated, viewDeleted, viewUpdated } from "./events.ts";
import {
  defaultColumns,
  type NewView,
  toView,
  type View,
  type ViewPatch,
  type ViewRow,
  viewNamed,
} from "./model.ts";

type Reader = Pick<Tx, "select">;

const VIEWS_MAX = 200;

/** One's own and those that are shared, by name. */
export async function listViews(ctx: Context, { limit, offset, after }: PageRequest): Promise<Page<View>> {
  const { views } = ctx.db.tables;
  const beyond = after ? afterPlace(views.nameKey, views.id, "asc", after) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(views).where(seen(ctx));
  const rows = await ctx.db.read
    .select()
    .from(views)
    .where(and(seen(ctx), beyond))
    .orderBy(asc(views.nameKey), asc(views.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toView),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: last.nameKey, id: last.id } : null,
  };
}

export const readView = async (ctx: Context, id: string): Promise<View> =>
  toView(await findView(ctx.db.read, ctx, id));

export const createView = (ctx: Context, input: NewView): Promise<View> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const { views } = ctx.db.tables;
      const [counted] = await tx.select({ total: count() }).from(views).where(own(ctx));
      if ((counted?.total ?? 0) >= VIEWS_MAX)
        throw new AppError("CONFLICT", `Nobody keeps more than ${VIEWS_MAX} views.`);
      const row: ViewRow = {
        id: newId("view", tx.now),
        workspaceId: workspaceOf(ctx),
        ownerId: ctx.actor.id,
        ...viewNamed(input.name),
        shared: input.shared ?? false,
        query: input.query ?? {},
        columns: input.columns ?? defaultColumns,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(views).values(row);
      tx.record(viewCreated, row.id, toView(row));
      return toView(row);
    }),
  );

export const updateView = (ctx: Context, id: string, patch: ViewPatch): Promise<View> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const before = await findOwn(tx, ctx, id);
      const after: ViewRow = {
        ...before,
        ...(patch.name === undefined ? {} : viewNamed(patch.name)),
        shared: patch.shared ?? before.shared,
        query: patch.query ?? before.query,
        columns: patch.columns ?? before.columns,
      };
      if (JSON.stringify(after) === JSON.stringify(before)) throw new Unchanged(toView(before));
      const row = { ...after, updatedAt: tx.now };
      const { views } = ctx.db.tables;
      await tx.update(views).set(row).where(eq(views.id, row.id));
      tx.record(viewUpdated, row.id, withPrevious(toView(before), toView(row)));
      return toView(row);
    }),
  );

export const deleteView = (ctx: Context, id: string): Promise<View> =>
  change(ctx, async (tx) => {
    const row = await findOwn(tx, ctx, id);
    const { views } = ctx.db.tables;
    await tx.delete(views).where(eq(views.id, row.id));
    tx.record(viewDeleted, row.id, toView(row));
    return toView(row);
  });

const own = (ctx: Context) => {
  const { views } = ctx.db.tables;
  return and(eq(views.workspaceId, workspaceOf(ctx)), eq(views.ownerId, ctx.actor.id));
};
const seen = (ctx: Context) => {
  const { views } = ctx.db.tables;
  return and(
    eq(views.workspaceId, workspaceOf(ctx)),
    or(eq(views.ownerId, ctx.actor.id), eq(views.shared, true)),
  );
};

/** @throws AppError NOT_FOUND, for what others keep for themselves too */
async function findView(read: Reader, ctx: Context, id: string): Promise<ViewRow> {
  const { views } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(views)
    .where(and(seen(ctx), eq(views.id, id as Id<"view">)))
    .limit(1);
  if (!row) throw notFound("view");
  return row;
}

/** What is shared is changed by whoever shares it, and by those who may change the workspace. */
async function findOwn(read: Reader, ctx: Context, id: string): Promise<ViewRow> {
  const row = await findView(read, ctx, id);
  if (row.ownerId !== ctx.actor.id && !ctx.actor.permissions.has("workspace:update"))
    throw new AppError("FORBIDDEN", "This view is somebody else's, who shares it. Make one of your own.");
  return row;
}

const unlessTaken = (work: Promise<View>): Promise<View> =>
  work.catch((error: unknown) => {
    if (uniqueViolation(error) !== "views_name") throw error;
    throw new AppError("CONFLICT", "Another view of yours has this name.", {
      details: [{ path: "/name", message: "name is taken" }],
      cause: error,
    });
  });
