import { aliasedTable, and, asc, eq, gt, isNotNull, isNull, or, type SQL } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { WorkspaceRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;
export interface Found {
  readonly row: WorkspaceRow;
  readonly testId: Id<"ws"> | null;
}

/** A workspace and the id of its test side. */
export async function selectWorkspace(read: Reader, ctx: Context, id: Id<"ws">): Promise<Found | undefined> {
  const { workspaces } = ctx.db.tables;
  const test = aliasedTable(workspaces, "test");
  const [found] = await read
    .select({ row: workspaces, testId: test.id })
    .from(workspaces)
    .leftJoin(test, eq(test.testOf, workspaces.id))
    .where(eq(workspaces.id, id))
    .limit(1);
  return found;
}

export interface AllFilter {
  /** The id, slug or name, exactly. */
  readonly named?: string | undefined;
  readonly personal?: boolean | undefined;
}

/** Live sides that pass the filter. */
export const liveSides = (ctx: Context, { named, personal }: AllFilter): SQL | undefined => {
  const { workspaces } = ctx.db.tables;
  return and(
    isNull(workspaces.testOf),
    personal === undefined ? undefined : (personal ? isNotNull : isNull)(workspaces.personalOf),
    named === undefined
      ? undefined
      : or(eq(workspaces.id, named as Id<"ws">), eq(workspaces.slug, named), eq(workspaces.name, named)),
  );
};

/** Oldest first. */
export async function selectWorkspaces(
  ctx: Context,
  wanted: SQL | undefined,
  { limit, offset, after }: { limit: number; offset: number; after: string | null },
): Promise<Found[]> {
  const { workspaces } = ctx.db.tables;
  const test = aliasedTable(workspaces, "test");
  return ctx.db.read
    .select({ row: workspaces, testId: test.id })
    .from(workspaces)
    .leftJoin(test, eq(test.testOf, workspaces.id))
    .where(and(wanted, after === null ? undefined : gt(workspaces.id, after as Id<"ws">)))
    .orderBy(asc(workspaces.id))
    .limit(limit)
    .offset(offset);
}

/** Both sides of a workspace: what is written to one is written to the other, so that they are set up alike. */
export const bothSides = (ctx: Context, liveId: Id<"ws">): SQL | undefined => {
  const { workspaces } = ctx.db.tables;
  return or(eq(workspaces.id, liveId), eq(workspaces.testOf, liveId));
};
