import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { envelope } from "../../platform/schema.ts";
import { createUser } from "./create-user.ts";
import { setDisabled } from "./disable.ts";
import { NewUser, User } from "./model.ts";

/** Accounts, for the operator. */
export const identityRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/users", tags: ["Users"] })
    .use(guard)
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "User created" }, { ...body, password: null }, (c) =>
          createUser(c, body),
        ),
      {
        may: "installation:update",
        body: NewUser,
        response: { 201: envelope(User) },
        detail: { operationId: "createUser", summary: "Create an account" },
      },
    )
    .post(
      "/:user/disable",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "User disabled" }, params, (c) =>
          setDisabled(c, params.user, true),
        ),
      {
        may: "installation:update",
        params: t.Object({ user: t.String({ maxLength: 64 }) }),
        response: { 200: envelope(User) },
        detail: { operationId: "disableUser", summary: "Close an account and end its sessions" },
      },
    )
    .post(
      "/:user/enable",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "User enabled" }, params, (c) =>
          setDisabled(c, params.user, false),
        ),
      {
        may: "installation:update",
        params: t.Object({ user: t.String({ maxLength: 64 }) }),
        response: { 200: envelope(User) },
        detail: { operationId: "enableUser", summary: "Open an account again" },
      },
    );
