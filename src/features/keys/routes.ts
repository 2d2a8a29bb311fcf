import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { createKey, createOperatorKey } from "./create.ts";
import { listKeys, readKey, revokeKey } from "./keys.ts";
import {
  Key,
  KeyNow,
  KeyPatch,
  KeyRotation,
  KeyTier,
  KeyWithSecret,
  NewKey,
  NewOperatorKey,
} from "./model.ts";
import { rotateKey } from "./rotate.ts";
import { operatorKeys } from "./store.ts";
import { setKeyTier, updateKey } from "./update.ts";

const KeyParams = t.Object({ key: t.String({ maxLength: 64 }) });
const ROTATED = { status: 200, message: "Key rotated", secret: true } as const;

export const keyRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Keys"] })
    .use(guard)
    .get("/keys", ({ ctx, query }) => page(ctx, "Keys", query, "keys", (request) => listKeys(ctx, request)), {
      may: "keys:read",
      query: strict(pagingQuery),
      response: { 200: listEnvelope(KeyNow) },
      detail: { operationId: "listKeys", summary: "Keys of the workspace, newest first" },
    })
    .post(
      "/keys",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Key created", secret: true }, body, (c) => createKey(c, body)),
      {
        may: "keys:create",
        body: NewKey,
        response: { 201: envelope(KeyWithSecret) },
        detail: { operationId: "createKey", summary: "Make a key; its secret is shown once" },
      },
    )
    .get("/keys/:key", async ({ ctx, params }) => ok(ctx, "Key", await readKey(ctx, params.key)), {
      may: "keys:read",
      params: KeyParams,
      response: { 200: envelope(KeyNow) },
      detail: { operationId: "getKey", summary: "One key" },
    })
    .patch(
      "/keys/:key",
      async ({ ctx, params, body }) => ok(ctx, "Key updated", await updateKey(ctx, params.key, body ?? {})),
      {
        may: "keys:update",
        params: KeyParams,
        body: KeyPatch,
        response: { 200: envelope(Key) },
        detail: { operationId: "updateKey", summary: "Change what the body names; the secret stays" },
      },
    )
    .post(
      "/keys/:key/rotate",
      ({ ctx, params, body }) => once(ctx, ROTATED, body, (c) => rotateKey(c, params.key, body ?? {})),
      {
        may: "keys:update",
        params: KeyParams,
        body: t.Optional(KeyRotation),
        response: { 200: envelope(KeyWithSecret) },
        detail: { operationId: "rotateKey", summary: "A new secret; the one of before works on for a while" },
      },
    )
    .delete(
      "/keys/:key",
      async ({ ctx, params }) => ok(ctx, "Key revoked", await revokeKey(ctx, params.key)),
      {
        may: "keys:delete",
        params: KeyParams,
        response: { 200: envelope(Key) },
        detail: { operationId: "revokeKey", summary: "End a key at once" },
      },
    )
    .post(
      "/installation/keys",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Operator key created", secret: true }, body, (c) =>
          createOperatorKey(c, body),
        ),
      {
        may: "installation:update",
        body: NewOperatorKey,
        response: { 201: envelope(KeyWithSecret) },
        detail: {
          operationId: "createOperatorKey",
          summary: "Make an operator's key: metrics, readiness, workspaces",
        },
      },
    )
    .get(
      "/installation/keys",
      ({ ctx, query }) =>
        page(ctx, "Operator keys", query, "operator keys", (request) => listKeys(ctx, request, operatorKeys)),
      {
        may: "installation:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(KeyNow) },
        detail: { operationId: "listOperatorKeys", summary: "Keys of operators, newest first" },
      },
    )
    .patch(
      "/installation/keys/:key",
      async ({ ctx, params, body }) => ok(ctx, "Rate tier set", await setKeyTier(ctx, params.key, body)),
      {
        may: "installation:update",
        params: KeyParams,
        body: KeyTier,
        response: { 200: envelope(Key) },
        detail: { operationId: "setKeyTier", summary: "Give any workspace's key a rate tier, for operators" },
      },
    )
    .post(
      "/installation/keys/:key/rotate",
      ({ ctx, params, body }) =>
        once(ctx, ROTATED, body, (c) => rotateKey(c, params.key, body ?? {}, operatorKeys)),
      {
        may: "installation:update",
        params: KeyParams,
        body: t.Optional(KeyRotation),
        response: { 200: envelope(KeyWithSecret) },
        detail: { operationId: "rotateOperatorKey", summary: "A new secret for an operator's key" },
      },
    )
    .delete(
      "/installation/keys/:key",
      async ({ ctx, params }) =>
        ok(ctx, "Operator key revoked", await revokeKey(ctx, params.key, operatorKeys)),
      {
        may: "installation:update",
        params: KeyParams,
        response: { 200: envelope(Key) },
        detail: { operationId: "revokeOperatorKey", summary: "End an operator's key at once" },
      },
    );
