import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { archiveLink, deleteLink, purgeLink, restoreLink, unarchiveLink } from "./archive.ts";
import { createLink, findExisting } from "./create.ts";
import { filterQuery, type LinkSort, sortQuery } from "./filter.ts";
import { readLink } from "./find.ts";
import { listLinks } from "./list.ts";
import { Link, LinkPatch, LinkTransfer, NewLink } from "./model.ts";
import { LinkParams, Named, named } from "./params.ts";
import { Sorted, Sorting, sortLinks } from "./sort.ts";
import { transferLink } from "./transfer.ts";
import { updateLink } from "./update.ts";
import { etagOf } from "./version.ts";

/** The order in which the query names its parameters makes no other list. */
const scopeOf = (sort: LinkSort, filter: object): string =>
  JSON.stringify([sort, Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** What tells two requests apart is kept hashed, and a password could be guessed from that. */
const withoutPassword = ({ password: _, ...body }: NewLink) => body;

const etag = (link: Link) => ({ etag: etagOf(link) });

export const linkRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/links", tags: ["Links"] })
    .use(guard)
    .get(
      "",
      ({
        ctx,
        query: { sortBy = "createdAt", sortOrder = "desc", page: number, limit, cursor, ...filter },
      }) => {
        const sort: LinkSort = { sortBy, sortOrder };
        const paging = {
          ...(number && { page: number }),
          ...(limit && { limit }),
          ...(cursor !== undefined && { cursor }),
        };
        return page(ctx, "Links", paging, scopeOf(sort, filter), (request) =>
          listLinks(ctx, filter, sort, request),
        );
      },
      {
        may: "links:read",
        query: strict({ ...filterQuery, ...sortQuery, ...pagingQuery }),
        response: { 200: listEnvelope(Link) },
        detail: { operationId: "listLinks", summary: "Links of the workspace" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(
          ctx,
          { status: 201, message: "Link created", headers: etag },
          withoutPassword(body),
          (c) => createLink(c, body),
          body.findExisting ? { message: "Link exists", find: (c) => findExisting(c, body) } : undefined,
        ),
      {
        may: "links:create",
        body: NewLink,
        response: { 200: envelope(Link), 201: envelope(Link) },
        detail: { operationId: "createLink", summary: "Make a short link" },
      },
    )
    .post(
      "/sort",
      ({ ctx, body }) => once(ctx, { status: 200, message: "Links sorted" }, body, (c) => sortLinks(c, body)),
      {
        may: "links:update",
        body: Sorting,
        response: { 200: envelope(Sorted) },
        detail: {
          operationId: "sortLinks",
          summary: "Tag, untag and move up to 1,000 links at once; each is told of by itself",
        },
      },
    )
    .get(
      "/:link",
      async ({ ctx, params, query, set }) => {
        const link = await readLink(ctx, { ...params, ...query });
        set.headers["etag"] = etagOf(link);
        return ok(ctx, "Link", link);
      },
      {
        may: "links:read",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Link) },
        detail: { operationId: "getLink", summary: "One link" },
      },
    )
    .patch(
      "/:link",
      async ({ ctx, params, query, body, request, set }) => {
        const link = await updateLink(ctx, { ...params, ...query }, body, request.headers.get("if-match"));
        set.headers["etag"] = etagOf(link);
        return ok(ctx, "Link updated", link);
      },
      {
        may: "links:update",
        params: LinkParams,
        query: Named,
        body: LinkPatch,
        response: { 200: envelope(Link) },
        detail: { operationId: "updateLink", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/:link",
      async ({ ctx, params, query: { permanent, ...query }, request, set }) => {
        const verb = permanent ? purgeLink : deleteLink;
        const link = await verb(ctx, { ...params, ...query }, request.headers.get("if-match"));
        if (!permanent) set.headers["etag"] = etagOf(link);
        return ok(ctx, permanent ? "Link destroyed" : "Link moved to the trash", link);
      },
      {
        may: "links:delete",
        params: LinkParams,
        query: strict({
          ...named,
          permanent: t.Optional(t.Boolean({ description: "Destroy the link and its clicks instead." })),
        }),
        response: { 200: envelope(Link) },
        detail: { operationId: "deleteLink", summary: "Move to the trash, or destroy" },
      },
    )
    .post(
      "/:link/archive",
      ({ ctx, params, query, request }) =>
        once(ctx, { status: 200, message: "Link archived", headers: etag }, [params, query], (c) =>
          archiveLink(c, { ...params, ...query }, request.headers.get("if-match")),
        ),
      {
        may: "links:update",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Link) },
        detail: { operationId: "archiveLink", summary: "Take out of lists; it still redirects" },
      },
    )
    .post(
      "/:link/unarchive",
      ({ ctx, params, query, request }) =>
        once(ctx, { status: 200, message: "Link unarchived", headers: etag }, [params, query], (c) =>
          unarchiveLink(c, { ...params, ...query }, request.headers.get("if-match")),
        ),
      {
        may: "links:update",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Link) },
        detail: { operationId: "unarchiveLink", summary: "Back into lists" },
      },
    )
    .post(
      "/:link/restore",
      ({ ctx, params, query, request }) =>
        once(ctx, { status: 200, message: "Link restored", headers: etag }, [params, query], (c) =>
          restoreLink(c, { ...params, ...query }, request.headers.get("if-match")),
        ),
      {
        may: "links:delete",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Link) },
        detail: { operationId: "restoreLink", summary: "Take out of the trash" },
      },
    )
    .post(
      "/:link/transfer",
      ({ ctx, params, query, body, request }) =>
        once(ctx, { status: 200, message: "Link transferred", headers: etag }, [params, query, body], (c) =>
          transferLink(c, { ...params, ...query }, body, request.headers.get("if-match")),
        ),
      {
        may: "links:delete",
        params: LinkParams,
        query: Named,
        body: LinkTransfer,
        response: { 200: envelope(Link) },
        detail: {
          operationId: "transferLink",
          summary: "Give to another workspace",
          description:
            "For people who may delete links here and make links there. There it is a link of its own, with a new id, and is counted from nothing; what was counted before stays in the statistics of this workspace.",
        },
      },
    );
