import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import {
  AddressInput,
  CodeAsked,
  CodeInput,
  Confirmed,
  ConfirmInput,
  CurrentSession,
  RefreshInput,
  SignedIn,
  SignIn,
  Tokens,
} from "./auth-model.ts";
import { confirm, requestConfirmCode } from "./confirm.ts";
import type { Cookies } from "./cookie.ts";
import { readCurrent } from "./current.ts";
import { requestCode, signInByCode } from "./one-time-code.ts";
import { refreshSession } from "./refresh.ts";
import { signOut } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { answerSignIn, type SignInOutcome } from "./tokens.ts";

type SetHeaders = { headers: Record<string, string | number | string[] | undefined> };

interface Wanted {
  readonly session?: "tokens" | "cookie";
  readonly deviceToken?: string;
}

/** Handles a route that signs somebody in: with what a page has in cookies, and the cookies that it gets. */
export const signingIn =
  <T extends Wanted>(cookies: Cookies, verb: (ctx: Context, input: T) => Promise<SignInOutcome>) =>
  async ({ ctx, body, request, set }: { ctx: Context; body: T; request: Request; set: object }) => {
    const outcome = await verb(ctx, prepared(cookies, request, body));
    const { data, setCookie } = await answerSignIn(ctx, outcome, cookies, request);
    if (setCookie.length > 0) (set as SetHeaders).headers["set-cookie"] = setCookie;
    return ok(ctx, outcome.kind === "started" ? "Signed in" : "A second factor is needed", data);
  };

function prepared<T extends Wanted>(cookies: Cookies, request: Request, body: T): T {
  if (body.session !== "cookie") return body;
  // Nobody is signed in to an account of somebody else's choice by a foreign page.
  cookies.assertOwnPage(request);
  const deviceToken = cookies.device(request);
  return deviceToken === null ? body : { ...body, deviceToken };
}

/** Who asks: sessions and their tokens. */
export const authRoutes = (guard: Guard, cookies: Cookies) =>
  new Elysia({ prefix: "/auth", tags: ["Sign-in"] })
    .use(guard)
    .post("/signin", signingIn(cookies, signIn), {
      open: true,
      body: SignIn,
      response: { 200: envelope(SignedIn) },
      detail: { operationId: "signIn", summary: "Sign in with e-mail address and password" },
    })
    .post(
      "/refresh-token",
      async ({ ctx, body }) => ok(ctx, "Tokens refreshed", await refreshSession(ctx, body.refreshToken)),
      {
        open: true,
        body: RefreshInput,
        response: { 200: envelope(Tokens) },
        detail: {
          operationId: "refreshToken",
          summary: "A new pair of tokens for a refresh token, which is good once",
        },
      },
    )
    .get("/session", async ({ ctx }) => ok(ctx, "Session", await readCurrent(ctx, cookies)), {
      may: "account:read",
      response: { 200: envelope(CurrentSession) },
      detail: { operationId: "getSession", summary: "Who is signed in here" },
    })
    .post(
      "/signout",
      async ({ ctx, request, set }) => {
        personOf(ctx);
        await signOut(ctx);
        (set as SetHeaders).headers["set-cookie"] = [cookies.clear(request)];
        return ok(ctx, "Signed out", { signedOut: true as const });
      },
      {
        may: "account:update",
        response: { 200: envelope(t.Object({ signedOut: t.Literal(true) })) },
        detail: { operationId: "signOut", summary: "End this session" },
      },
    )
    .post("/otp/request", async ({ ctx, body }) => ok(ctx, "Code sent", await requestCode(ctx, body.email)), {
      open: true,
      body: AddressInput,
      response: { 200: envelope(CodeAsked) },
      detail: { operationId: "requestCode", summary: "Have a sign-in code mailed" },
    })
    .post("/otp/verify", signingIn(cookies, signInByCode), {
      open: true,
      body: CodeInput,
      response: { 200: envelope(SignedIn) },
      detail: { operationId: "verifyCode", summary: "Sign in with a mailed code" },
    })
    .post("/confirm", async ({ ctx, body }) => ok(ctx, "Confirmed", await confirm(ctx, body)), {
      may: "account:update",
      body: ConfirmInput,
      response: { 200: envelope(Confirmed) },
      detail: { operationId: "confirm", summary: "Prove once more who you are, for what is dangerous" },
    })
    .post("/confirm/code", async ({ ctx }) => ok(ctx, "Code sent", await requestConfirmCode(ctx)), {
      may: "account:update",
      response: { 200: envelope(CodeAsked) },
      detail: { operationId: "requestConfirmCode", summary: "Have a code mailed to confirm with" },
    });
