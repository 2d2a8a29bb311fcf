import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import type { AccountEnds } from "./account-ends.ts";
import { AccountDeletion, Done, Session } from "./auth-model.ts";
import { deleteAccount } from "./delete-account.ts";
import { Profile, ProfilePatch, PublicUser } from "./model.ts";
import { readProfile, readUser, updateProfile } from "./profile.ts";
import { endOtherSessions, endSession, listSessions } from "./sessions.ts";

const id = t.String({ maxLength: 64 });

/** One's own account. */
export const accountRoutes = (guard: Guard, ends: AccountEnds) =>
  new Elysia({ prefix: "/user", tags: ["Account"] })
    .use(guard)
    .get("/profile", async ({ ctx }) => ok(ctx, "Profile", await readProfile(ctx)), {
      may: "account:read",
      response: { 200: envelope(Profile) },
      detail: { operationId: "getProfile", summary: "Your own account" },
    })
    .patch("/profile", async ({ ctx, body }) => ok(ctx, "Profile updated", await updateProfile(ctx, body)), {
      may: "account:update",
      body: ProfilePatch,
      response: { 200: envelope(Profile) },
      detail: {
        operationId: "updateProfile",
        summary: "Change name, picture, language, time zone or notifications",
      },
    })
    .get("/sessions", async ({ ctx }) => ok(ctx, "Sessions", await listSessions(ctx)), {
      may: "account:read",
      response: { 200: envelope(t.Array(Session)) },
      detail: { operationId: "listSessions", summary: "Where you are signed in" },
    })
    .delete("/sessions", async ({ ctx }) => ok(ctx, "Sessions ended", await endOtherSessions(ctx)), {
      may: "account:update",
      response: { 200: envelope(t.Object({ ended: t.Integer() })) },
      detail: { operationId: "endOtherSessions", summary: "End every session but this one" },
    })
    .delete(
      "/sessions/:session",
      async ({ ctx, params }) => ok(ctx, "Session ended", await endSession(ctx, params.session)),
      {
        may: "account:update",
        params: t.Object({ session: id }),
        response: { 200: envelope(Session) },
        detail: { operationId: "endSession", summary: "End a session" },
      },
    )
    .delete(
      "",
      async ({ ctx, body }) => {
        await deleteAccount(ctx, body.workspaces ?? [], ends);
        return ok(ctx, "Account deleted", { done: true } as const);
      },
      {
        may: "account:update",
        body: AccountDeletion,
        response: { 200: envelope(Done) },
        detail: { operationId: "deleteAccount", summary: "Delete your account" },
      },
    )
    .get("/:user", async ({ ctx, params }) => ok(ctx, "User", await readUser(ctx, params.user)), {
      may: "account:read",
      params: t.Object({ user: id }),
      response: { 200: envelope(PublicUser) },
      detail: { operationId: "getUser", summary: "Somebody who is in a workspace with you" },
    });
