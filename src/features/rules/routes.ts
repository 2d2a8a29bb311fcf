import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { invalid } from "../../lib/errors.ts";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { createRule } from "./create.ts";
import { readRule } from "./find.ts";
import { parentNamed } from "./home.ts";
import { knownFields, RuleField } from "./known-fields.ts";
import { listLinkRules, listRules } from "./list.ts";
import { NewRule, NewRuleAnywhere, Order, Rule, RulePatch } from "./model.ts";
import { reorderRules } from "./order.ts";
import { deleteRule, updateRule } from "./update.ts";
import { ruleEtag } from "./version.ts";

const link = t.String({
  maxLength: 600,
  description: "Id, ext_ and your external id, or with ?domain= the slug.",
});
const domain = t.Optional(
  t.String({ minLength: 1, maxLength: 255, description: "Host or id, when the link is named by its slug." }),
);
const LinkParams = t.Object({ link });
const rule = t.String({ maxLength: 64 });
const Named = strict({ domain });
const etag = (made: Rule) => ({ etag: ruleEtag(made) });

/** Rules where they hang, and rules by themselves for whoever knows their ids. */
export const ruleRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Rules"] })
    .use(guard)
    .get(
      "/links/:link/rules",
      ({ ctx, params, query: { domain: host, ...paging } }) =>
        page(ctx, "Rules", paging, `rules ${params.link} ${host ?? ""}`, (request) =>
          listLinkRules(ctx, { ...params, domain: host }, request),
        ),
      {
        may: "rules:read",
        params: LinkParams,
        query: strict({ domain, ...pagingQuery }),
        response: { 200: listEnvelope(Rule) },
        detail: { operationId: "listLinkRules", summary: "Rules of a link, in the order they are asked" },
      },
    )
    .post(
      "/links/:link/rules",
      ({ ctx, params, query, body }) =>
        once(ctx, { status: 201, message: "Rule created", headers: etag }, [params, query, body], (c) =>
          createRule(c, { ...params, ...query }, body),
        ),
      {
        may: "rules:create",
        params: LinkParams,
        query: Named,
        body: NewRule,
        response: { 201: envelope(Rule) },
        detail: { operationId: "createLinkRule", summary: "Send some visitors elsewhere" },
      },
    )
    .post(
      "/links/:link/rules/reorder",
      ({ ctx, params, query, body }) =>
        once(ctx, { status: 200, message: "Rules reordered" }, [params, query, body], (c) =>
          reorderRules(c, { ...params, ...query }, body),
        ),
      {
        may: "rules:update",
        params: LinkParams,
        query: Named,
        body: Order,
        response: { 200: envelope(t.Array(Rule)) },
        detail: { operationId: "reorderLinkRules", summary: "Put all rules into an order" },
      },
    )
    .get(
      "/links/:link/rules/:rule",
      async ({ ctx, params, query, set }) => {
        const found = await readRule(ctx, { ...params, ...query });
        set.headers["etag"] = ruleEtag(found);
        return ok(ctx, "Rule", found);
      },
      {
        may: "rules:read",
        params: t.Object({ link, rule }),
        query: Named,
        response: { 200: envelope(Rule) },
        detail: { operationId: "getLinkRule", summary: "One rule of a link" },
      },
    )
    .patch(
      "/links/:link/rules/:rule",
      async ({ ctx, params, query, body, request, set }) => {
        const updated = await updateRule(ctx, { ...params, ...query }, body, request.headers.get("if-match"));
        set.headers["etag"] = ruleEtag(updated);
        return ok(ctx, "Rule updated", updated);
      },
      {
        may: "rules:update",
        params: t.Object({ link, rule }),
        query: Named,
        body: RulePatch,
        response: { 200: envelope(Rule) },
        detail: { operationId: "updateLinkRule", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/links/:link/rules/:rule",
      async ({ ctx, params, query, request }) =>
        ok(
          ctx,
          "Rule deleted",
          await deleteRule(ctx, { ...params, ...query }, request.headers.get("if-match")),
        ),
      {
        may: "rules:delete",
        params: t.Object({ link, rule }),
        query: Named,
        response: { 200: envelope(Rule) },
        detail: { operationId: "deleteLinkRule", summary: "Take a rule away, with its split" },
      },
    )
    .get(
      "/rules",
      ({ ctx, query: { linkId, ...paging } }) =>
        page(ctx, "Rules", paging, `rules of ${linkId ?? "all"}`, (request) =>
          linkId === undefined ? listRules(ctx, request) : listLinkRules(ctx, { link: linkId }, request),
        ),
      {
        may: "rules:read",
        query: strict({
          linkId: t.Optional(
            t.String({
              minLength: 1,
              maxLength: 600,
              description: "Only this link's, in the order they are asked.",
            }),
          ),
          ...pagingQuery,
        }),
        response: { 200: listEnvelope(Rule) },
        detail: { operationId: "listRules", summary: "Rules of the workspace" },
      },
    )
    .post(
      "/rules",
      ({ ctx, body: { linkId, campaignId, priority, ...body } }) =>
        once(
          ctx,
          { status: 201, message: "Rule created", headers: etag },
          [linkId, campaignId, priority, body],
          (c) => {
            if (priority !== undefined && body.position !== undefined)
              throw invalid("/priority", "priority is another word for position: name one of them");
            const position = body.position ?? priority;
            const given = position === undefined ? body : { ...body, position };
            return createRule(
              c,
              parentNamed({ ...(linkId && { linkId }), ...(campaignId && { campaignId }) }),
              given,
            );
          },
        ),
      {
        may: "rules:create",
        body: NewRuleAnywhere,
        response: { 201: envelope(Rule) },
        detail: { operationId: "createRule", summary: "Hang a rule on the link the body names" },
      },
    )
    .get("/rules/fields", ({ ctx }) => ok(ctx, "Fields", knownFields()), {
      may: "rules:read",
      response: { 200: envelope(t.Array(RuleField)) },
      detail: { operationId: "listRuleFields", summary: "What conditions can ask, and by which operators" },
    })
    .get(
      "/rules/:rule",
      async ({ ctx, params, set }) => {
        const found = await readRule(ctx, params);
        set.headers["etag"] = ruleEtag(found);
        return ok(ctx, "Rule", found);
      },
      {
        may: "rules:read",
        params: t.Object({ rule }),
        response: { 200: envelope(Rule) },
        detail: { operationId: "getRule", summary: "One rule" },
      },
    )
    .patch(
      "/rules/:rule",
      async ({ ctx, params, body, request, set }) => {
        const updated = await updateRule(ctx, params, body, request.headers.get("if-match"));
        set.headers["etag"] = ruleEtag(updated);
        return ok(ctx, "Rule updated", updated);
      },
      {
        may: "rules:update",
        params: t.Object({ rule }),
        body: RulePatch,
        response: { 200: envelope(Rule) },
        detail: { operationId: "updateRule", summary: "Change what the body names; null clears" },
      },
    )
    .delete(
      "/rules/:rule",
      async ({ ctx, params, request }) =>
        ok(ctx, "Rule deleted", await deleteRule(ctx, params, request.headers.get("if-match"))),
      {
        may: "rules:delete",
        params: t.Object({ rule }),
        response: { 200: envelope(Rule) },
        detail: { operationId: "deleteRule", summary: "Take a rule away, with its split" },
      },
    );
