import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { NewTier, Tier, TierPatch } from "./model.ts";
import { createTier, deleteTier, listTiers, readTier, updateTier } from "./tiers.ts";

const TierParams = t.Object({ tier: t.String({ maxLength: 64 }) });

export const tierRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Rate tiers"] })
    .use(guard)
    .get("/tiers", async ({ ctx }) => ok(ctx, "Rate tiers", await listTiers(ctx)), {
      may: "tiers:read",
      response: { 200: envelope(t.Array(Tier)) },
      detail: { operationId: "listTiers", summary: "Rate tiers that keys can have" },
    })
    .get("/tiers/:tier", async ({ ctx, params }) => ok(ctx, "Rate tier", await readTier(ctx, params.tier)), {
      may: "tiers:read",
      params: TierParams,
      response: { 200: envelope(Tier) },
      detail: { operationId: "getTier", summary: "One rate tier" },
    })
    .post(
      "/installation/tiers",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Rate tier created" }, body, (c) => createTier(c, body)),
      {
        may: "installation:update",
        body: NewTier,
        response: { 201: envelope(Tier) },
        detail: { operationId: "createTier", summary: "Define a rate tier" },
      },
    )
    .patch(
      "/installation/tiers/:tier",
      async ({ ctx, params, body }) => ok(ctx, "Rate tier updated", await updateTier(ctx, params.tier, body)),
      {
        may: "installation:update",
        params: TierParams,
        body: TierPatch,
        response: { 200: envelope(Tier) },
        detail: { operationId: "updateTier", summary: "Change what the body names; null takes a limit away" },
      },
    )
    .delete(
      "/installation/tiers/:tier",
      async ({ ctx, params }) => ok(ctx, "Rate tier removed", await deleteTier(ctx, params.tier)),
      {
        may: "installation:update",
        params: TierParams,
        response: { 200: envelope(Tier) },
        detail: { operationId: "deleteTier", summary: "Take away a tier that no key has" },
      },
    );
