import { and, asc, count, eq, gt } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { CommentRow } from "./comment-model.ts";
import type { Reader } from "./store.ts";

const ofLink = (ctx: Context, linkId: Id<"link">) => {
  const { linkComments } = ctx.db.tables;
  return and(eq(linkComments.workspaceId, workspaceOf(ctx)), eq(linkComments.linkId, linkId));
};

/** Oldest first, as they are read. */
export async function selectComments(
  ctx: Context,
  linkId: Id<"link">,
  { limit, offset, afterId }: { limit: number; offset: number; afterId: string | null },
): Promise<CommentRow[]> {
  const { linkComments } = ctx.db.tables;
  const beyond = afterId === null ? undefined : gt(linkComments.id, afterId as Id<"cmt">);
  return ctx.db.read
    .select()
    .from(linkComments)
    .where(and(ofLink(ctx, linkId), beyond))
    .orderBy(asc(linkComments.id))
    .limit(limit)
    .offset(offset);
}

export async function countComments(read: Reader, ctx: Context, linkId: Id<"link">): Promise<number> {
  const { linkComments } = ctx.db.tables;
  const [row] = await read.select({ total: count() }).from(linkComments).where(ofLink(ctx, linkId));
  return row?.total ?? 0;
}

export async function insertComment(tx: Tx, ctx: Context, row: CommentRow): Promise<void> {
  await tx.insert(ctx.db.tables.linkComments).values({ ...row, workspaceId: workspaceOf(ctx) });
}

/** Answers what was there. */
export async function removeComment(
  tx: Tx,
  ctx: Context,
  linkId: Id<"link">,
  id: Id<"cmt">,
): Promise<CommentRow | undefined> {
  const { linkComments } = ctx.db.tables;
  const [row] = await tx
    .delete(linkComments)
    .where(and(ofLink(ctx, linkId), eq(linkComments.id, id)))
    .returning();
  return row;
}
