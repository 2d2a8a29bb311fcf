import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { knows } from "../../platform/request.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { type File, imageOfLink, imageOfUrl, sheetOfLinks } from "./images.ts";
import { deleteLogo, putLogo, readLogo } from "./logos.ts";
import {
  ImageQuery,
  Logo,
  LogoInput,
  LogoPlace,
  NewTemplate,
  SheetQuery,
  Template,
  TemplatePatch,
} from "./model.ts";
import { createTemplate, deleteTemplate, listTemplates, readTemplate, updateTemplate } from "./templates.ts";

const TemplateParams = t.Object({ template: t.String({ maxLength: 64, description: "qr_…" }) });
const LinkParams = t.Object({
  link: t.String({
    maxLength: 600,
    description: "Id, ext_ and your external id, or with ?domain= the slug.",
  }),
});
const domain = t.Optional(
  t.String({ minLength: 1, maxLength: 255, description: "Host or id, when the link is named by its slug." }),
);

const binary = { type: "string", format: "binary" } as const;
const images = {
  200: {
    description: "The image.",
    content: {
      "image/png": { schema: binary },
      "image/svg+xml": { schema: { type: "string" } },
      "image/webp": { schema: binary },
      "image/jpeg": { schema: binary },
      "application/pdf": { schema: binary },
    },
  },
} as const;

export const qrRoutes = (guard: Guard) =>
  new Elysia({ tags: ["QR codes"] })
    .use(guard)
    .get(
      "/qr",
      async ({ ctx, query: { url, format = "png", ...look }, request }) =>
        answer(request, await imageOfUrl(ctx, url, look, format)),
      {
        may: "links:read",
        query: strict({
          url: t.String({
            minLength: 1,
            maxLength: 2048,
            description: "http(s) URL. One on a domain of yours gets `?qr=1`, so that scans are counted.",
            examples: ["https://example.com/"],
          }),
          ...ImageQuery,
        }),
        detail: { operationId: "getQr", summary: "A QR code for a URL", responses: images },
      },
    )
    .get(
      "/links/:link/qr",
      async ({ ctx, params, query: { domain, format = "png", ...look }, request }) =>
        answer(request, await imageOfLink(ctx, { ...params, domain }, look, format)),
      {
        may: "links:read",
        params: LinkParams,
        query: strict({ domain, ...ImageQuery }),
        detail: { operationId: "getLinkQr", summary: "The QR code of a link", responses: images },
      },
    )
    .get(
      "/qr/sheet",
      async ({ ctx, query: { links, ...look }, request }) =>
        answer(request, await sheetOfLinks(ctx, links.split(","), look)),
      {
        may: "links:read",
        query: SheetQuery,
        detail: {
          operationId: "getQrSheet",
          summary: "QR codes of up to 100 links on pages to print, as PDF",
          responses: {
            200: { description: "The file.", content: { "application/pdf": { schema: binary } } },
          },
        },
      },
    )
    .get(
      "/qr/templates",
      ({ ctx, query }) =>
        page(ctx, "QR templates", query, "qr templates", (request) => listTemplates(ctx, request)),
      {
        may: "links:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Template) },
        detail: { operationId: "listQrTemplates", summary: "Looks with a name, oldest first" },
      },
    )
    .post(
      "/qr/templates",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "QR template created" }, body, (c) => createTemplate(c, body)),
      {
        may: "links:update",
        body: NewTemplate,
        response: { 201: envelope(Template) },
        detail: { operationId: "createQrTemplate", summary: "Give a look a name" },
      },
    )
    .get(
      "/qr/templates/:template",
      async ({ ctx, params }) => ok(ctx, "QR template", await readTemplate(ctx, params.template)),
      {
        may: "links:read",
        params: TemplateParams,
        response: { 200: envelope(Template) },
        detail: { operationId: "getQrTemplate", summary: "One template" },
      },
    )
    .patch(
      "/qr/templates/:template",
      async ({ ctx, params, body }) =>
        ok(ctx, "QR template updated", await updateTemplate(ctx, params.template, body)),
      {
        may: "links:update",
        params: TemplateParams,
        body: TemplatePatch,
        response: { 200: envelope(Template) },
        detail: { operationId: "updateQrTemplate", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/qr/templates/:template",
      async ({ ctx, params }) => ok(ctx, "QR template deleted", await deleteTemplate(ctx, params.template)),
      {
        may: "links:update",
        params: TemplateParams,
        response: { 200: envelope(Template) },
        detail: { operationId: "deleteQrTemplate", summary: "Forget a look; images made with it stay" },
      },
    )
    .get("/qr/logo", async ({ ctx, query }) => ok(ctx, "Logo", await readLogo(ctx, query)), {
      may: "links:read",
      query: strict(LogoPlace),
      response: { 200: envelope(Logo) },
      detail: { operationId: "getQrLogo", summary: "The logo for QR codes of the workspace or a domain" },
    })
    .put(
      "/qr/logo",
      async ({ ctx, query, body }) => ok(ctx, "Logo kept", await putLogo(ctx, query, body.image)),
      {
        may: "links:update",
        query: strict(LogoPlace),
        body: LogoInput,
        response: { 200: envelope(Logo) },
        detail: { operationId: "putQrLogo", summary: "Keep a logo, in place of the one before" },
      },
    )
    .delete("/qr/logo", async ({ ctx, query }) => ok(ctx, "Logo deleted", await deleteLogo(ctx, query)), {
      may: "links:update",
      query: strict(LogoPlace),
      response: { 200: envelope(Logo) },
      detail: { operationId: "deleteQrLogo", summary: "Take a logo away" },
    });

/** For those who asked: what they may see hangs on who they are. */
const CACHING = {
  "cache-control": "private, max-age=60, must-revalidate",
  vary: "authorization, cookie, x-api-key, x-workspace-id",
};

async function answer(request: Request, { type, name, etag, make }: File): Promise<Response> {
  const headers = { etag, ...CACHING };
  if (knows(request, etag)) return new Response(null, { status: 304, headers });
  return new Response(await make(), {
    headers: {
      ...headers,
      "content-type": type,
      "content-disposition": `inline; filename="${name}"`,
      "x-content-type-options": "nosniff",
      ...(type.startsWith("image/svg") ? ALONE : {}),
    },
  });
}

/** Opened by itself, an SVG is a page of the host that serves it: this one may do nothing. */
const ALONE = { "content-security-policy": "default-src 'none'; img-src data:; sandbox" };
