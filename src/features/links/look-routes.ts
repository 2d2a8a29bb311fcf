import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope, nullable, oneOf, strict } from "../../platform/schema.ts";
import { filterQuery, type LinkFilter } from "./filter.ts";
import { countLinks } from "./list.ts";
import { countBy, groupings, infoOf, randomLink, slugState } from "./look.ts";
import { Link, UpsertLink } from "./model.ts";
import { upsertLink } from "./upsert.ts";
import { etagOf } from "./version.ts";

const NAMES_MAX = 100;

const Count = t.Object({
  count: t.Integer(),
  atLeast: t.Optional(t.Boolean({ description: "A search for common words: there are more." })),
  groups: t.Optional(t.Array(t.Object({ value: nullable(t.String()), count: t.Integer() }))),
});
const InfoQuery = strict({
  ids: t.Optional(
    t.String({ maxLength: 30_000, description: "Ids, or ext_ and your external id, with commas between." }),
  ),
  urls: t.Optional(
    t.String({
      maxLength: 30_000,
      description: "Short URLs with blanks between; the scheme may be left out.",
    }),
  ),
});

async function counted(ctx: Context, filter: LinkFilter): Promise<typeof Count.static> {
  const { total, atLeast } = await countLinks(ctx, filter);
  return { count: total, ...(atLeast && { atLeast }) };
}

const withoutPassword = ({ password: _, ...body }: UpsertLink) => body;

/** Looking links up otherwise than one by one, or making them where they are not. */
export const lookRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/links", tags: ["Links"] })
    .use(guard)
    .get(
      "/count",
      async ({ ctx, query: { groupBy, ...filter } }) =>
        ok(ctx, "Count", groupBy ? await countBy(ctx, filter, groupBy) : await counted(ctx, filter)),
      {
        may: "links:read",
        query: strict({
          ...filterQuery,
          groupBy: t.Optional(
            oneOf(groupings, "Count each value by itself, too: the hundred with the most links."),
          ),
        }),
        response: { 200: envelope(Count) },
        detail: { operationId: "countLinks", summary: "How many links pass the filters" },
      },
    )
    .get(
      "/info",
      async ({ ctx, query }) => {
        const ids = query.ids?.split(",").filter((one) => one !== "") ?? [];
        const urls = query.urls?.split(/\s+/).filter((one) => one !== "") ?? [];
        if (ids.length + urls.length > NAMES_MAX)
          throw invalid(ids.length > NAMES_MAX ? "/ids" : "/urls", `at most ${NAMES_MAX} links may be named`);
        return ok(ctx, "Links", await infoOf(ctx, ids, urls));
      },
      {
        may: "links:read",
        query: InfoQuery,
        response: {
          200: envelope(
            t.Object({
              links: t.Array(Link, { description: "In the order asked for." }),
              missing: t.Array(t.String(), { description: "What was named and is not there." }),
            }),
          ),
        },
        detail: { operationId: "getLinksInfo", summary: "Several links by their names" },
      },
    )
    .get("/exists", async ({ ctx, query }) => ok(ctx, "Slug", await slugState(ctx, query)), {
      may: "links:read",
      query: strict({
        slug: t.String({ minLength: 1, maxLength: 190, examples: ["summer"] }),
        domain: t.Optional(
          t.String({ minLength: 1, maxLength: 255, description: "Host or id; the default when left out." }),
        ),
      }),
      response: {
        200: envelope(
          t.Object({
            exists: t.Boolean({ description: "Whether there is such a link, in the trash, too." }),
            free: t.Boolean({ description: "Whether it could be made." }),
            reason: nullable(t.String({ description: "Why not." })),
          }),
        ),
      },
      detail: { operationId: "linkExists", summary: "Whether a slug is in use" },
    })
    .get("/random", async ({ ctx, query }) => ok(ctx, "Link", await randomLink(ctx, query)), {
      may: "links:read",
      query: strict(filterQuery),
      response: { 200: envelope(Link) },
      detail: { operationId: "getRandomLink", summary: "Any link that passes the filters" },
    })
    .put(
      "/upsert",
      ({ ctx, body }) =>
        once(
          ctx,
          {
            status: 201,
            message: "Link created",
            headers: (link: Link) => ({ etag: etagOf(link) }),
          },
          withoutPassword(body),
          (c) => upsertLink(c, body),
          { message: "Link updated", find: async () => null },
        ),
      {
        may: "links:create",
        body: UpsertLink,
        response: { 200: envelope(Link), 201: envelope(Link) },
        detail: {
          operationId: "upsertLink",
          summary: "Make a link, or change the one that is there",
          description:
            "By `externalId` when the body has one, else by destination on the domain. What the body leaves out stays as it is. Changing needs `links:update`, too.",
        },
      },
    );
