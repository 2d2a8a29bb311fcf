import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import {
  createExtension,
  deleteExtension,
  listExtensions,
  readExtension,
  updateExtension,
} from "./extensions.ts";
import { Extension, ExtensionPatch, NewExtension } from "./model.ts";

const ExtensionParams = t.Object({ extension: t.String({ maxLength: 64 }) });

export const extensionRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/extensions", tags: ["Extensions"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) =>
        page(ctx, "Extensions", query, "extensions", (request) => listExtensions(ctx, request)),
      {
        may: "extensions:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Extension) },
        detail: { operationId: "listExtensions", summary: "Registered extensions, newest first" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Extension registered" }, body, (c) => createExtension(c, body)),
      {
        may: "extensions:create",
        body: NewExtension,
        response: { 201: envelope(Extension) },
        detail: { operationId: "createExtension", summary: "Register an extension" },
      },
    )
    .get(
      "/:extension",
      async ({ ctx, params }) => ok(ctx, "Extension", await readExtension(ctx, params.extension)),
      {
        may: "extensions:read",
        params: ExtensionParams,
        response: { 200: envelope(Extension) },
        detail: { operationId: "getExtension", summary: "One extension" },
      },
    )
    .patch(
      "/:extension",
      async ({ ctx, params, body }) =>
        ok(ctx, "Extension updated", await updateExtension(ctx, params.extension, body)),
      {
        may: "extensions:update",
        params: ExtensionParams,
        body: ExtensionPatch,
        response: { 200: envelope(Extension) },
        detail: { operationId: "updateExtension", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/:extension",
      async ({ ctx, params }) => ok(ctx, "Extension removed", await deleteExtension(ctx, params.extension)),
      {
        may: "extensions:delete",
        params: ExtensionParams,
        response: { 200: envelope(Extension) },
        detail: { operationId: "deleteExtension", summary: "Take out of the registry" },
      },
    );
