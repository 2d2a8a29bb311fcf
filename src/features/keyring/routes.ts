import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { listSealingKeys, retireSealingKey, rotateKeyring } from "./keyring.ts";
import { SealingKey } from "./model.ts";

const Keys = envelope(t.Array(SealingKey));

export const keyringRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/installation/keyring", tags: ["Keyring"] })
    .use(guard)
    .get("", async ({ ctx }) => ok(ctx, "Key ring", await listSealingKeys(ctx)), {
      may: "installation:read",
      response: { 200: Keys },
      detail: { operationId: "listSealingKeys", summary: "Keys that secrets are sealed with, newest first" },
    })
    .post(
      "/rotate",
      ({ ctx }) => once(ctx, { status: 200, message: "Key ring rotated" }, null, rotateKeyring),
      {
        may: "installation:update",
        response: { 200: Keys },
        detail: { operationId: "rotateKeyring", summary: "Seal with a new key from now on" },
      },
    )
    .delete(
      "/:sealingKey",
      async ({ ctx, params }) =>
        ok(ctx, "Sealing key retired", await retireSealingKey(ctx, params.sealingKey)),
      {
        may: "installation:update",
        params: t.Object({ sealingKey: t.String({ maxLength: 16 }) }),
        response: { 200: Keys },
        detail: { operationId: "retireSealingKey", summary: "Take off a key that nothing is sealed with" },
      },
    );
