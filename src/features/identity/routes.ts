import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { envelope } from "../../platform/schema.ts";
import { createUser } from "./create-user.ts";
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
    );
