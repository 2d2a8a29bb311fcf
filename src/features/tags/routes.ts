import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { NewTag, Tag, TagMerge, TagPatch } from "./model.ts";
import { createTag, deleteTag, listTags, mergeTag, readTag, updateTag } from "./tags.ts";

const TagParams = t.Object({ tag: t.String({ maxLength: 64, description: "Id." }) });

export const tagRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/tags", tags: ["Tags"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query: { search, ...paging } }) =>
        page(ctx, "Tags", paging, `tags\n${search ?? ""}`, (request) => listTags(ctx, search, request)),
      {
        may: "tags:read",
        query: strict({
          search: t.Optional(t.String({ maxLength: 50, description: "A part of the name." })),
          ...pagingQuery,
        }),
        response: { 200: listEnvelope(Tag) },
        detail: { operationId: "listTags", summary: "Tags by name, with how many links have each" },
      },
    )
    .post(
      "",
      ({ ctx, body }) => once(ctx, { status: 201, message: "Tag created" }, body, (c) => createTag(c, body)),
      {
        may: "tags:create",
        body: NewTag,
        response: { 201: envelope(Tag) },
        detail: { operationId: "createTag", summary: "Make a tag; links make those they name by themselves" },
      },
    )
    .get("/:tag", async ({ ctx, params }) => ok(ctx, "Tag", await readTag(ctx, params.tag)), {
      may: "tags:read",
      params: TagParams,
      response: { 200: envelope(Tag) },
      detail: { operationId: "getTag", summary: "One tag" },
    })
    .patch(
      "/:tag",
      async ({ ctx, params, body }) => ok(ctx, "Tag updated", await updateTag(ctx, params.tag, body)),
      {
        may: "tags:update",
        params: TagParams,
        body: TagPatch,
        response: { 200: envelope(Tag) },
        detail: { operationId: "updateTag", summary: "Another name or colour; its links follow at once" },
      },
    )
    .delete("/:tag", async ({ ctx, params }) => ok(ctx, "Tag deleted", await deleteTag(ctx, params.tag)), {
      may: "tags:delete",
      params: TagParams,
      response: { 200: envelope(Tag) },
      detail: { operationId: "deleteTag", summary: "Take it off all links" },
    })
    .post(
      "/:tag/merge",
      ({ ctx, params, body }) =>
        once(ctx, { status: 200, message: "Tag merged" }, [params, body], (c) =>
          mergeTag(c, params.tag, body.into),
        ),
      {
        may: "tags:delete",
        params: TagParams,
        body: TagMerge,
        response: { 200: envelope(Tag) },
        detail: {
          operationId: "mergeTag",
          summary: "Give its links another tag instead; answers the one that stays",
        },
      },
    );
