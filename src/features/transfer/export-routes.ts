import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { Export, NewExport } from "./export-model.ts";
import { createExport, deleteExport, downloadExport, listExports, readExport } from "./exports.ts";

const ExportParams = t.Object({ export: t.String({ maxLength: 64, description: "exp_…" }) });

export const exportRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/exports", tags: ["Import and export"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) => page(ctx, "Exports", query, "exports", (request) => listExports(ctx, request)),
      {
        may: "links:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Export) },
        detail: { operationId: "listExports", summary: "Files of links that were asked for, newest first" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 202, message: "Export begun" }, body, (c) => createExport(c, body)),
      {
        may: "links:read",
        body: NewExport,
        response: { 202: envelope(Export) },
        detail: { operationId: "createExport", summary: "Ask for a file of links; a job makes it" },
      },
    )
    .get("/:export", async ({ ctx, params }) => ok(ctx, "Export", await readExport(ctx, params.export)), {
      may: "links:read",
      params: ExportParams,
      response: { 200: envelope(Export) },
      detail: { operationId: "getExport", summary: "How far an export is" },
    })
    .get("/:export/download", ({ ctx, params }) => downloadExport(ctx, params.export), {
      may: "links:read",
      params: ExportParams,
      detail: {
        operationId: "downloadExport",
        summary: "The file: 400 while it is not there yet, 410 when it is there no more",
        responses: {
          200: {
            description: "The file.",
            content: {
              "text/csv": { schema: { type: "string" } },
              "application/x-ndjson": { schema: { type: "string" } },
            },
          },
        },
      },
    })
    .delete(
      "/:export",
      async ({ ctx, params }) => ok(ctx, "Export deleted", await deleteExport(ctx, params.export)),
      {
        may: "links:read",
        params: ExportParams,
        response: { 200: envelope(Export) },
        detail: { operationId: "deleteExport", summary: "Call it off, or destroy its file" },
      },
    );
