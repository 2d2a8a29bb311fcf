import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope, strict } from "../../platform/schema.ts";
import { type Stage, simulate } from "./simulate.ts";
import { ImaginedVisitor, Simulation } from "./visitor-model.ts";

export const routingRoutes = (guard: Guard, stage: Stage) =>
  new Elysia({ prefix: "/links", tags: ["Rules"] })
    .use(guard)
    .post(
      "/:link/simulate",
      async ({ ctx, params, query, body }) =>
        ok(ctx, "Simulated", await simulate(ctx, stage, { ...params, ...query }, body)),
      {
        may: "rules:read",
        params: t.Object({
          link: t.String({
            maxLength: 600,
            description: "Id, ext_ and your external id, or with ?domain= the slug.",
          }),
        }),
        query: strict({ domain: t.Optional(t.String({ minLength: 1, maxLength: 255 })) }),
        body: ImaginedVisitor,
        response: { 200: envelope(Simulation) },
        detail: { operationId: "simulateLink", summary: "Where a visitor would go, and why" },
      },
    );
