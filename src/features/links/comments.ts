import { AppError, notFound } from "../../lib/errors.ts";
import { isId, newId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { type Comment, commentsMax, type NewComment, toComment } from "./comment-model.ts";
import { countComments, insertComment, removeComment, selectComments } from "./comment-store.ts";
import { commentCreated, commentDeleted } from "./events.ts";
import { findLink, type LinkName } from "./find.ts";

/** What people have written beside a link, oldest first. */
export async function listComments(
  ctx: Context,
  name: LinkName,
  { limit, offset, after }: PageRequest,
): Promise<Page<Comment>> {
  const { row } = await findLink(ctx.db.read, ctx, name);
  const rows = await selectComments(ctx, row.id, { limit: limit + 1, offset, afterId: after?.id ?? null });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toComment),
    total: await countComments(ctx.db.read, ctx, row.id),
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

/** Writes beside a link. It is no edit: the link's version stays. */
export const addComment = (ctx: Context, name: LinkName, { text }: NewComment): Promise<Comment> =>
  change(ctx, async (tx) => {
    const { row: link } = await findLink(tx, ctx, name);
    if ((await countComments(tx, ctx, link.id)) >= commentsMax)
      throw new AppError("CONFLICT", `A link has ${commentsMax} comments at most. Delete some first.`);
    const row = {
      id: newId("cmt", tx.now),
      linkId: link.id,
      text: text.trim(),
      createdBy: ctx.actor.id,
      createdAt: tx.now,
    };
    await insertComment(tx, ctx, row);
    const comment = toComment(row);
    tx.record(commentCreated, comment.id, comment);
    return comment;
  });

export const deleteComment = (ctx: Context, name: LinkName, id: string): Promise<Comment> =>
  change(ctx, async (tx) => {
    const { row: link } = await findLink(tx, ctx, name);
    const row = isId("cmt", id) ? await removeComment(tx, ctx, link.id, id) : undefined;
    if (!row) throw notFound("comment");
    const comment = toComment(row);
    tx.record(commentDeleted, comment.id, comment);
    return comment;
  });
