import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope, queryInteger, strict } from "../../platform/schema.ts";
import { overview, quality, timeseries, top } from "./ask.ts";
import { Granularity, Overview, Quality, questionQuery, Timeseries, Top, TopBy } from "./model.ts";

export const analyticsRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/analytics", tags: ["Analytics"] })
    .use(guard)
    .get("/overview", async ({ ctx, query }) => ok(ctx, "Overview", await overview(ctx, query)), {
      may: "analytics:read",
      query: strict(questionQuery),
      response: { 200: envelope(Overview) },
      detail: {
        operationId: "getOverview",
        summary: "Clicks, uniques and bots of a link or the workspace; the last 30 days by default",
      },
    })
    .get(
      "/timeseries",
      async ({ ctx, query: { granularity, ...asked } }) =>
        ok(ctx, "Timeseries", await timeseries(ctx, asked, granularity)),
      {
        may: "analytics:read",
        query: strict({ ...questionQuery, granularity: t.Optional(Granularity) }),
        response: { 200: envelope(Timeseries) },
        detail: { operationId: "getTimeseries", summary: "Counts over time, zero-filled, in any time zone" },
      },
    )
    .get("/quality", async ({ ctx, query }) => ok(ctx, "Quality", await quality(ctx, query)), {
      may: "analytics:read",
      query: strict({ from: questionQuery.from, to: questionQuery.to }),
      response: { 200: envelope(Quality) },
      detail: {
        operationId: "getQuality",
        summary: "How many visits each day had, and how many could not be recorded, and why",
      },
    })
    .get(
      "/top",
      async ({ ctx, query: { by, limit = 10, ...asked } }) =>
        ok(ctx, "Top", await top(ctx, asked, by, limit)),
      {
        may: "analytics:read",
        query: strict({
          ...questionQuery,
          by: TopBy,
          limit: t.Optional(queryInteger({ minimum: 1, maximum: 100 })),
        }),
        response: { 200: envelope(Top) },
        detail: { operationId: "getTop", summary: "The largest groups by a dimension" },
      },
    );
