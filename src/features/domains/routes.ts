import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { archiveDomain, unarchiveDomain } from "./archive.ts";
import { createDomain, deleteDomain, updateDomain } from "./domains.ts";
import { readFiles, updateFiles } from "./files.ts";
import { listDomains, readDomain } from "./find.ts";
import {
  Domain,
  DomainFiles,
  DomainFilesPatch,
  DomainParams,
  DomainPatch,
  NewDomain,
  Served,
  ServedQuery,
  Verification,
} from "./model.ts";
import { askServed } from "./served.ts";
import { verifyDomain } from "./verify.ts";

export const domainRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/domains", tags: ["Domains"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) => page(ctx, "Domains", query, "domains", (request) => listDomains(ctx, request)),
      {
        may: "domains:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Domain) },
        detail: { operationId: "listDomains", summary: "Domains the workspace may use" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Domain added" }, body, (c) => createDomain(c, body)),
      {
        may: "domains:create",
        body: NewDomain,
        response: { 201: envelope(Domain) },
        detail: { operationId: "createDomain", summary: "Add a host that serves short links" },
      },
    )
    .get("/check", async ({ ctx, query }) => ok(ctx, "Served", await askServed(ctx, query.domain)), {
      open: true,
      query: ServedQuery,
      response: { 200: envelope(Served) },
      detail: {
        operationId: "checkDomain",
        summary: "Whether links are served on a host",
        description:
          "For servers in front that get certificates on demand (`ask` of Caddy): 200 for hosts that are served, 404 for all others.",
      },
    })
    .get("/:domain", async ({ ctx, params }) => ok(ctx, "Domain", await readDomain(ctx, params.domain)), {
      may: "domains:read",
      params: DomainParams,
      response: { 200: envelope(Domain) },
      detail: { operationId: "getDomain", summary: "One domain" },
    })
    .patch(
      "/:domain",
      async ({ ctx, params, body }) =>
        ok(ctx, "Domain updated", await updateDomain(ctx, params.domain, body)),
      {
        may: "domains:update",
        params: DomainParams,
        body: DomainPatch,
        response: { 200: envelope(Domain) },
        detail: { operationId: "updateDomain", summary: "Change settings, or make it the default" },
      },
    )
    .delete(
      "/:domain",
      async ({ ctx, params }) => ok(ctx, "Domain removed", await deleteDomain(ctx, params.domain)),
      {
        may: "domains:delete",
        params: DomainParams,
        response: { 200: envelope(Domain) },
        detail: { operationId: "deleteDomain", summary: "Remove a host without links" },
      },
    )
    .get("/:domain/files", async ({ ctx, params }) => ok(ctx, "Files", await readFiles(ctx, params.domain)), {
      may: "domains:read",
      params: DomainParams,
      response: { 200: envelope(DomainFiles) },
      detail: { operationId: "getDomainFiles", summary: "What apps and crawlers are told on the domain" },
    })
    .patch(
      "/:domain/files",
      async ({ ctx, params, body }) => ok(ctx, "Files updated", await updateFiles(ctx, params.domain, body)),
      {
        may: "domains:update",
        params: DomainParams,
        body: DomainFilesPatch,
        response: { 200: envelope(DomainFiles) },
        detail: {
          operationId: "updateDomainFiles",
          summary: "Set what apps and crawlers are told",
          description: "The files are held to their formats. Null takes one away.",
        },
      },
    )
    .post(
      "/:domain/verify",
      async ({ ctx, params }) => ok(ctx, "Domain checked", await verifyDomain(ctx, params.domain)),
      {
        may: "domains:update",
        params: DomainParams,
        response: { 200: envelope(Verification) },
        detail: {
          operationId: "verifyDomain",
          summary: "What its records are, and what they should be",
          description:
            "Asks DNS now. The domain is verified once it names this workspace and leads here; from then on nobody else can take it.",
        },
      },
    )
    .post(
      "/:domain/archive",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Domain archived" }, params, (c) =>
          archiveDomain(c, params.domain),
        ),
      {
        may: "domains:update",
        params: DomainParams,
        response: { 200: envelope(Domain) },
        detail: { operationId: "archiveDomain", summary: "Take no new links; it still serves those it has" },
      },
    )
    .post(
      "/:domain/unarchive",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Domain unarchived" }, params, (c) =>
          unarchiveDomain(c, params.domain),
        ),
      {
        may: "domains:update",
        params: DomainParams,
        response: { 200: envelope(Domain) },
        detail: { operationId: "unarchiveDomain", summary: "Take links again" },
      },
    );
