import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, queryInteger, strict } from "../../platform/schema.ts";
import { Import, ImportQuery, Problem } from "./import-model.ts";
import { cancelImport, createImport, listImports, problemsOf, readImport, undoImport } from "./imports.ts";

const ImportParams = t.Object({ import: t.String({ maxLength: 64, description: "imp_…" }) });
/** WAYPOST_IMPORT_LIMIT is what holds. */
const file = { schema: { type: "string", maxLength: 2 ** 40 } } as const;

export const importRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/imports", tags: ["Import and export"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) => page(ctx, "Imports", query, "imports", (request) => listImports(ctx, request)),
      {
        may: "links:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Import) },
        detail: { operationId: "listImports", summary: "Imports of links, newest first" },
      },
    )
    .post(
      "",
      ({ ctx, query, request }) =>
        once(ctx, { status: 202, message: "Import begun" }, null, (c) => createImport(c, request, query)),
      {
        may: "links:create",
        query: ImportQuery,
        response: { 202: envelope(Import) },
        detail: {
          operationId: "createImport",
          summary: "Send a file of links; a job reads it",
          description:
            "The body is the file: CSV, JSON (a list) or NDJSON, as it is or as gzip, up to WAYPOST_IMPORT_LIMIT unpacked.",
          requestBody: {
            required: true,
            content: { "text/csv": file, "application/x-ndjson": file },
          },
          "x-takes-file": true,
        } as never,
      },
    )
    .get("/:import", async ({ ctx, params }) => ok(ctx, "Import", await readImport(ctx, params.import)), {
      may: "links:read",
      params: ImportParams,
      response: { 200: envelope(Import) },
      detail: { operationId: "getImport", summary: "How far an import is, and what became of its rows" },
    })
    .get(
      "/:import/problems",
      async ({ ctx, params, query: { after = 0 } }) =>
        ok(ctx, "Problems", await problemsOf(ctx, params.import, after)),
      {
        may: "links:read",
        params: ImportParams,
        query: strict({
          after: t.Optional(queryInteger({ minimum: 0, maximum: 1e9, description: "Rows behind this one." })),
        }),
        response: { 200: envelope(t.Array(Problem)) },
        detail: {
          operationId: "listImportProblems",
          summary: "Rows that were refused, a thousand at a time",
        },
      },
    )
    .post(
      "/:import/cancel",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Import cancelled" }, params, (c) =>
          cancelImport(c, params.import),
        ),
      {
        may: "links:create",
        params: ImportParams,
        response: { 200: envelope(Import) },
        detail: {
          operationId: "cancelImport",
          summary: "Stop reading; what is made stays, and can be undone",
        },
      },
    )
    .post(
      "/:import/undo",
      ({ ctx, params }) =>
        once(ctx, { status: 202, message: "Undoing begun" }, params, (c) => undoImport(c, params.import)),
      {
        may: "links:delete",
        params: ImportParams,
        response: { 202: envelope(Import) },
        detail: {
          operationId: "undoImport",
          summary: "Take back a whole import: what it made goes to the trash, what it changed is as before",
        },
      },
    );
