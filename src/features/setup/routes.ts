import { Elysia } from "elysia";
import type { Context } from "../../platform/context.ts";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { SetupInput, type SetupResult, SetupResult as SetupResultSchema, SetupState } from "./model.ts";

/** What the routes need of the start-up: the code that was printed, and what follows a setup. */
export interface FirstRun {
  needed(): boolean;
  setUp(ctx: Context, input: SetupInput, request: Request): Promise<SetupResult>;
}

export const setupRoutes = (guard: Guard, firstRun: FirstRun) =>
  new Elysia({ prefix: "/setup", tags: ["Setup"] })
    .use(guard)
    .get("", ({ ctx }) => ok(ctx, "Setup", { needed: firstRun.needed() }), {
      open: true,
      response: { 200: envelope(SetupState) },
      detail: { operationId: "getSetup", summary: "Whether the installation still has to be set up" },
    })
    .post(
      "",
      ({ ctx, body, request }) =>
        once(
          ctx,
          { status: 201, message: "Installation set up", secret: true },
          { ...body, password: null },
          (c) => firstRun.setUp(c, body, request),
        ),
      {
        open: true,
        body: SetupInput,
        response: { 201: envelope(SetupResultSchema) },
        detail: { operationId: "setUp", summary: "Make the operator's account and the first workspace" },
      },
    );
