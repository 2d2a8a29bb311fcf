import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { createLinks, moveLinks, updateLinks } from "./bulk.ts";
import { BulkResult, bulkMax, LinkNames, LinksPatch, NewLinks } from "./bulk-model.ts";

const withoutPassword = (row: unknown): unknown =>
  typeof row === "object" && row !== null ? { ...row, password: undefined } : row;

const description = `Up to ${bulkMax} links a call. What is right goes in, as one change; what is not is told row by row. The answer is 200 when every row is refused, too: look at \`failed\`.`;

const done = { status: 200, message: "Done" } as const;
const moving = { body: LinkNames, response: { 200: envelope(BulkResult) } };

export const bulkRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/links/bulk", tags: ["Links"] })
    .use(guard)
    .post(
      "",
      ({ ctx, body }) =>
        once(
          ctx,
          done,
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
    .post("/delete", ({ ctx, body }) => once(ctx, done, body, (c) => moveLinks(c, "delete", body)), {
      may: "links:delete",
      ...moving,
      detail: { operationId: "deleteLinks", summary: "Move many to the trash", description },
    })
    .post("/archive", ({ ctx, body }) => once(ctx, done, body, (c) => moveLinks(c, "archive", body)), {
      may: "links:update",
      ...moving,
      detail: { operationId: "archiveLinks", summary: "Take many out of lists", description },
    })
    .post("/unarchive", ({ ctx, body }) => once(ctx, done, body, (c) => moveLinks(c, "unarchive", body)), {
      may: "links:update",
      ...moving,
      detail: { operationId: "unarchiveLinks", summary: "Many back into lists", description },
    })
    .post("/restore", ({ ctx, body }) => once(ctx, done, body, (c) => moveLinks(c, "restore", body)), {
      may: "links:delete",
      ...moving,
      detail: { operationId: "restoreLinks", summary: "Take many out of the trash", description },
    });
