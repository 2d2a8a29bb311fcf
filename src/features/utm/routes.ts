import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { NewUtmTemplate, UtmTemplate, UtmTemplatePatch } from "./model.ts";
import { createTemplate, deleteTemplate, listTemplates, readTemplate, updateTemplate } from "./templates.ts";

const TemplateParams = t.Object({ utmTemplate: t.String({ maxLength: 64, description: "Id." }) });

export const utmRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/utm-templates", tags: ["UTM templates"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) => page(ctx, "UTM templates", query, "utm", (request) => listTemplates(ctx, request)),
      {
        may: "links:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(UtmTemplate) },
        detail: { operationId: "listUtmTemplates", summary: "UTM templates by name" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "UTM template created" }, body, (c) => createTemplate(c, body)),
      {
        may: "links:create",
        body: NewUtmTemplate,
        response: { 201: envelope(UtmTemplate) },
        detail: { operationId: "createUtmTemplate", summary: "Make a template of UTM values" },
      },
    )
    .get(
      "/:utmTemplate",
      async ({ ctx, params }) => ok(ctx, "UTM template", await readTemplate(ctx, params.utmTemplate)),
      {
        may: "links:read",
        params: TemplateParams,
        response: { 200: envelope(UtmTemplate) },
        detail: { operationId: "getUtmTemplate", summary: "One UTM template" },
      },
    )
    .patch(
      "/:utmTemplate",
      async ({ ctx, params, body }) =>
        ok(ctx, "UTM template updated", await updateTemplate(ctx, params.utmTemplate, body)),
      {
        may: "links:update",
        params: TemplateParams,
        body: UtmTemplatePatch,
        response: { 200: envelope(UtmTemplate) },
        detail: { operationId: "updateUtmTemplate", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/:utmTemplate",
      async ({ ctx, params }) =>
        ok(ctx, "UTM template deleted", await deleteTemplate(ctx, params.utmTemplate)),
      {
        may: "links:delete",
        params: TemplateParams,
        response: { 200: envelope(UtmTemplate) },
        detail: { operationId: "deleteUtmTemplate", summary: "End a template; its links stay as they are" },
      },
    );
