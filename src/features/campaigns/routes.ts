import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { createCampaign, deleteCampaign, listCampaigns, readCampaign, updateCampaign } from "./campaigns.ts";
import { Campaign, CampaignPatch, campaignQuery, NewCampaign } from "./model.ts";

const CampaignParams = t.Object({ campaign: t.String({ maxLength: 64, description: "Id." }) });

export const campaignRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/campaigns", tags: ["Campaigns"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query: { status, ...paging } }) =>
        page(ctx, "Campaigns", paging, `campaigns\n${status ?? ""}`, (request) =>
          listCampaigns(ctx, status, request),
        ),
      {
        may: "campaigns:read",
        query: strict({ ...campaignQuery, ...pagingQuery }),
        response: { 200: listEnvelope(Campaign) },
        detail: {
          operationId: "listCampaigns",
          summary: "Campaigns, newest first; their links are listed by GET /links?campaignId=",
        },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Campaign created" }, body, (c) => createCampaign(c, body)),
      {
        may: "campaigns:create",
        body: NewCampaign,
        response: { 201: envelope(Campaign) },
        detail: { operationId: "createCampaign", summary: "Make a campaign" },
      },
    )
    .get(
      "/:campaign",
      async ({ ctx, params }) => ok(ctx, "Campaign", await readCampaign(ctx, params.campaign)),
      {
        may: "campaigns:read",
        params: CampaignParams,
        response: { 200: envelope(Campaign) },
        detail: { operationId: "getCampaign", summary: "One campaign" },
      },
    )
    .patch(
      "/:campaign",
      async ({ ctx, params, body }) =>
        ok(ctx, "Campaign updated", await updateCampaign(ctx, params.campaign, body)),
      {
        may: "campaigns:update",
        params: CampaignParams,
        body: CampaignPatch,
        response: { 200: envelope(Campaign) },
        detail: { operationId: "updateCampaign", summary: "Change, pause, archive; null clears" },
      },
    )
    .delete(
      "/:campaign",
      async ({ ctx, params }) => ok(ctx, "Campaign deleted", await deleteCampaign(ctx, params.campaign)),
      {
        may: "campaigns:delete",
        params: CampaignParams,
        response: { 200: envelope(Campaign) },
        detail: { operationId: "deleteCampaign", summary: "End a campaign without links" },
      },
    );
