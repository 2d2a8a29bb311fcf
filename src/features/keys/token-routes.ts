import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { KeyRotation, NewToken, Token, TokenWithSecret } from "./model.ts";
import { createToken, listTokens, readToken, revokeToken, rotateToken } from "./personal-tokens.ts";

const TokenParams = t.Object({ token: t.String({ maxLength: 64 }) });

export const tokenRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/user/tokens", tags: ["Personal tokens"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) =>
        page(ctx, "Personal tokens", query, `tokens ${ctx.actor.id}`, (request) => listTokens(ctx, request)),
      {
        may: "tokens:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Token) },
        detail: { operationId: "listTokens", summary: "Your personal tokens, newest first" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Personal token created", secret: true }, body, (c) =>
          createToken(c, body),
        ),
      {
        may: "tokens:create",
        body: NewToken,
        response: { 201: envelope(TokenWithSecret) },
        detail: {
          operationId: "createToken",
          summary: "Make a token that acts with your rights, within its scopes; its secret is shown once",
        },
      },
    )
    .get(
      "/:token",
      async ({ ctx, params }) => ok(ctx, "Personal token", await readToken(ctx, params.token)),
      {
        may: "tokens:read",
        params: TokenParams,
        response: { 200: envelope(Token) },
        detail: { operationId: "getToken", summary: "One of your tokens" },
      },
    )
    .post(
      "/:token/rotate",
      ({ ctx, params, body }) =>
        once(ctx, { status: 200, message: "Personal token rotated", secret: true }, body, (c) =>
          rotateToken(c, params.token, body ?? {}),
        ),
      {
        may: "tokens:update",
        params: TokenParams,
        body: t.Optional(KeyRotation),
        response: { 200: envelope(TokenWithSecret) },
        detail: {
          operationId: "rotateToken",
          summary: "A new secret; the one of before works on for a while",
        },
      },
    )
    .delete(
      "/:token",
      async ({ ctx, params }) => ok(ctx, "Personal token revoked", await revokeToken(ctx, params.token)),
      {
        may: "tokens:delete",
        params: TokenParams,
        response: { 200: envelope(Token) },
        detail: { operationId: "revokeToken", summary: "End a token at once" },
      },
    );
