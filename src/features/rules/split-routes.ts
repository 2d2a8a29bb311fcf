import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope, strict } from "../../platform/schema.ts";
import { deleteSplit, finishSplit, readSplit, setSplit } from "./split.ts";
import { Finish, NewSplit, Split } from "./split-model.ts";

const LinkParams = t.Object({
  link: t.String({
    maxLength: 600,
    description: "Id, ext_ and your external id, or with ?domain= the slug.",
  }),
});
const Named = strict({
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id, when the link is named by its slug.",
    }),
  ),
  rule: t.Optional(
    t.String({ maxLength: 64, description: "The rule whose visitors are meant, and not the link's." }),
  ),
});

/** A/B tests. */
export const splitRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/links", tags: ["Rules"] })
    .use(guard)
    .get(
      "/:link/split",
      async ({ ctx, params, query }) => ok(ctx, "Split", await readSplit(ctx, { ...params, ...query })),
      {
        may: "rules:read",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Split) },
        detail: { operationId: "getSplit", summary: "An A/B test, with its numbers and how sure they are" },
      },
    )
    .put(
      "/:link/split",
      async ({ ctx, params, query, body }) =>
        ok(ctx, "Split set", await setSplit(ctx, { ...params, ...query }, body)),
      {
        may: "rules:update",
        params: LinkParams,
        query: Named,
        body: NewSplit,
        response: { 200: envelope(Split) },
        detail: { operationId: "setSplit", summary: "Share visitors out among 2 to 10 destinations" },
      },
    )
    .post(
      "/:link/split/finish",
      ({ ctx, params, query, body }) =>
        once(ctx, { status: 200, message: "Split finished" }, [params, query, body], (c) =>
          finishSplit(c, { ...params, ...query }, body),
        ),
      {
        may: "rules:update",
        params: LinkParams,
        query: Named,
        body: Finish,
        response: { 200: envelope(Split) },
        detail: { operationId: "finishSplit", summary: "End an A/B test: everybody goes to the winner" },
      },
    )
    .delete(
      "/:link/split",
      async ({ ctx, params, query }) =>
        ok(ctx, "Split deleted", await deleteSplit(ctx, { ...params, ...query })),
      {
        may: "rules:delete",
        params: LinkParams,
        query: Named,
        response: { 200: envelope(Split) },
        detail: { operationId: "deleteSplit", summary: "Take an A/B test away" },
      },
    );
