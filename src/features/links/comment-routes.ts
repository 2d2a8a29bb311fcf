import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { Comment, NewComment } from "./comment-model.ts";
import { addComment, deleteComment, listComments } from "./comments.ts";
import { LinkParams, Named, named } from "./params.ts";

export const commentRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/links/:link/comments", tags: ["Links"] })
    .use(guard)
    .get(
      "",
      ({ ctx, params, query: { domain, ...paging } }) =>
        page(ctx, "Comments", paging, `comments ${params.link} ${domain ?? ""}`, (request) =>
          listComments(ctx, { ...params, domain }, request),
        ),
      {
        may: "links:read",
        params: LinkParams,
        query: strict({ ...named, ...pagingQuery }),
        response: { 200: listEnvelope(Comment) },
        detail: { operationId: "listComments", summary: "What people wrote beside a link, oldest first" },
      },
    )
    .post(
      "",
      ({ ctx, params, query, body }) =>
        once(ctx, { status: 201, message: "Comment added" }, [params, query, body], (c) =>
          addComment(c, { ...params, ...query }, body),
        ),
      {
        may: "links:update",
        params: LinkParams,
        query: Named,
        body: NewComment,
        response: { 201: envelope(Comment) },
        detail: { operationId: "createComment", summary: "Write beside a link" },
      },
    )
    .delete(
      "/:comment",
      async ({ ctx, params: { comment, ...params }, query }) =>
        ok(ctx, "Comment deleted", await deleteComment(ctx, { ...params, ...query }, comment)),
      {
        may: "links:update",
        params: t.Object({ ...LinkParams.properties, comment: t.String({ maxLength: 64 }) }),
        query: Named,
        response: { 200: envelope(Comment) },
        detail: { operationId: "deleteComment", summary: "Take a comment away" },
      },
    );
