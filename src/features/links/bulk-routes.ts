import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import type { Permission } from "../../platform/permissions.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import type { moves } from "./archive.ts";
import { createLinks, moveLinks, updateLinks } from "./bulk.ts";
import { BulkResult, bulkMax, LinkNames, LinksPatch, NewLinks } from "./bulk-model.ts";

const withoutPassword = (row: unknown): unknown =>
  typeof row === "object" && row !== null ? { ...row, password: undefined } : row;

const description = `Up to ${bulkMax} links a call. What is right goes in, as one change; what is not is told row by row. The answer is 200 when every row is refused, too: look at \`failed\`.`;

export const bulkRoutes = (guard: Guard) => {
  const move = (which: keyof typeof moves, may: Permission, operationId: string, summary: string) =>
    new Elysia()
      .use(guard)
      .post(
        `/${which}`,
        ({ ctx, body }) =>
          once(ctx, { status: 200, message: "Done" }, body, (c) => moveLinks(c, which, body)),
        {
          may,
          body: LinkNames,
          response: { 200: envelope(BulkResult) },
          detail: { operationId, summary, description },
        },
      );
  return new Elysia({ prefix: "/links/bulk", tags: ["Links"] })
    .use(guard)
    .post(
      "",
      ({ ctx, body }) =>
        once(
          ctx,
          { status: 200, message: "Done" },
          { ...body, links: ctx.idempotencyKey === null ? [] : body.links.map(withoutPassword) },
          (c) => createLinks(c, body),
        ),
      {
        may: "links:create",
        body: NewLinks,
        response: { 200: envelope(BulkResult) },
        detail: { operationId: "createLinks", summary: "Make many links", description },
      },
    )
    .patch("", async ({ ctx, body }) => ok(ctx, "Done", await updateLinks(ctx, body)), {
      may: "links:update",
      body: LinksPatch,
      response: { 200: envelope(BulkResult) },
      detail: { operationId: "updateLinks", summary: "Change, tag or move many links alike", description },
    })
    .use(move("delete", "links:delete", "deleteLinks", "Move many to the trash"))
    .use(move("archive", "links:update", "archiveLinks", "Take many out of lists"))
    .use(move("unarchive", "links:update", "unarchiveLinks", "Many back into lists"))
    .use(move("restore", "links:delete", "restoreLinks", "Take many out of the trash"));
};
