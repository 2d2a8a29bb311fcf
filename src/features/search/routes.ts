import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope, strict } from "../../platform/schema.ts";
import { Found, searchQuery } from "./model.ts";
import { search } from "./search.ts";

const LIMIT = 5;

export const searchRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/search", tags: ["Search"] })
    .use(guard)
    .get(
      "",
      async ({ ctx, query: { query, limit = LIMIT } }) => ok(ctx, "Found", await search(ctx, query, limit)),
      {
        may: "links:read",
        query: strict(searchQuery),
        response: { 200: envelope(Found) },
        detail: {
          operationId: "search",
          summary: "Links, domains, tags, campaigns and members at once, as one types",
        },
      },
    );
