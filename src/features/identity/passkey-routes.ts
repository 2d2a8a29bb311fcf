import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { BrowserOptions, NewPasskey, PasskeyPatch, PasskeySignIn, SignedIn } from "./auth-model.ts";
import { signingIn } from "./auth-routes.ts";
import type { Cookies } from "./cookie.ts";
import { Passkey } from "./model.ts";
import {
  addPasskey,
  listPasskeys,
  newPasskeyOptions,
  passkeyOptions,
  removePasskey,
  renamePasskey,
  signInByPasskey,
} from "./passkeys.ts";

const params = t.Object({ passkey: t.String({ maxLength: 64 }) });

/** Passkeys: made by who is signed in, used by anybody who has one. */
export const passkeyRoutes = (guard: Guard, cookies: Cookies) =>
  new Elysia({ prefix: "/auth/passkeys", tags: ["Sign-in"] })
    .use(guard)
    .get("", async ({ ctx }) => ok(ctx, "Passkeys", await listPasskeys(ctx)), {
      may: "account:read",
      response: { 200: envelope(t.Array(Passkey)) },
      detail: { operationId: "listPasskeys", summary: "Your passkeys" },
    })
    .post("/options", async ({ ctx }) => ok(ctx, "Options", (await newPasskeyOptions(ctx)) as never), {
      may: "account:update",
      response: { 200: envelope(BrowserOptions) },
      detail: { operationId: "newPasskeyOptions", summary: "What a browser needs to make a passkey" },
    })
    .post("", async ({ ctx, body }) => ok(ctx, "Passkey added", await addPasskey(ctx, body)), {
      may: "account:update",
      body: NewPasskey,
      response: { 200: envelope(Passkey) },
      detail: { operationId: "addPasskey", summary: "Add a passkey" },
    })
    .post("/signin/options", async ({ ctx }) => ok(ctx, "Options", (await passkeyOptions(ctx)) as never), {
      open: true,
      response: { 200: envelope(BrowserOptions) },
      detail: { operationId: "passkeyOptions", summary: "What a browser needs to use a passkey" },
    })
    .post("/signin", signingIn(cookies, signInByPasskey), {
      open: true,
      body: PasskeySignIn,
      response: { 200: envelope(SignedIn) },
      detail: { operationId: "signInByPasskey", summary: "Sign in with a passkey" },
    })
    .patch(
      "/:passkey",
      async ({ ctx, params: { passkey }, body }) =>
        ok(ctx, "Passkey renamed", await renamePasskey(ctx, passkey, body.name)),
      {
        may: "account:update",
        params,
        body: PasskeyPatch,
        response: { 200: envelope(Passkey) },
        detail: { operationId: "renamePasskey", summary: "Rename a passkey" },
      },
    )
    .delete(
      "/:passkey",
      async ({ ctx, params: { passkey } }) => ok(ctx, "Passkey removed", await removePasskey(ctx, passkey)),
      {
        may: "account:update",
        params,
        response: { 200: envelope(Passkey) },
        detail: { operationId: "removePasskey", summary: "Remove a passkey" },
      },
    );
