import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { NewView, View, ViewPatch } from "./model.ts";
import { createView, deleteView, listViews, readView, updateView } from "./views.ts";

const ViewParams = t.Object({ view: t.String({ maxLength: 64, description: "Id." }) });

export const viewRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/views", tags: ["Views"] })
    .use(guard)
    .get("", ({ ctx, query }) => page(ctx, "Views", query, "views", (request) => listViews(ctx, request)), {
      may: "links:read",
      query: strict(pagingQuery),
      response: { 200: listEnvelope(View) },
      detail: { operationId: "listViews", summary: "One's own views and shared ones, by name" },
    })
    .post(
      "",
      ({ ctx, body }) => once(ctx, { status: 201, message: "View kept" }, body, (c) => createView(c, body)),
      {
        may: "links:read",
        body: NewView,
        response: { 201: envelope(View) },
        detail: { operationId: "createView", summary: "Keep filters, sort and columns of a list of links" },
      },
    )
    .get("/:view", async ({ ctx, params }) => ok(ctx, "View", await readView(ctx, params.view)), {
      may: "links:read",
      params: ViewParams,
      response: { 200: envelope(View) },
      detail: { operationId: "getView", summary: "One view" },
    })
    .patch(
      "/:view",
      async ({ ctx, params, body }) => ok(ctx, "View updated", await updateView(ctx, params.view, body)),
      {
        may: "links:read",
        params: ViewParams,
        body: ViewPatch,
        response: { 200: envelope(View) },
        detail: { operationId: "updateView", summary: "Change what the body names" },
      },
    )
    .delete(
      "/:view",
      async ({ ctx, params }) => ok(ctx, "View deleted", await deleteView(ctx, params.view)),
      {
        may: "links:read",
        params: ViewParams,
        response: { 200: envelope(View) },
        detail: { operationId: "deleteView", summary: "End a view of one's own" },
      },
    );
