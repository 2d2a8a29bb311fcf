import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AppInfo } from "../../platform/api.ts";
import type { Guard } from "../../platform/http.ts";
import { describeApi } from "../../platform/openapi.ts";

/** The API about itself. The reference page beside it is served by `page.ts`. */
export function referenceRoutes(guard: Guard, app: AppInfo, version: string) {
  let document: string | null = null;
  return new Elysia({ tags: ["Reference"] }).use(guard).get(
    "/openapi.json",
    ({ ctx }) => {
      document ??= JSON.stringify(
        describeApi({ app: app.elysia(), routes: app.routes(), version, serverUrl: ctx.baseUrl() ?? "/" }),
      );
      return new Response(document, {
        headers: { "content-type": "application/json", "cache-control": "no-cache" },
      });
    },
    {
      open: true,
      response: { 200: t.Object({}, { additionalProperties: true }) },
      detail: { operationId: "getOpenApi", summary: "This document" },
    },
  );
}
