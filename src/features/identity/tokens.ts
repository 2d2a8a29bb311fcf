import type { Context } from "../../platform/context.ts";
import { isoOf } from "../../platform/schema.ts";
import { type SignedIn, toSession } from "./auth-model.ts";
import type { Cookies } from "./cookie.ts";
import { toUser } from "./model.ts";
import type { Started } from "./sessions.ts";
import type { SessionRow } from "./store.ts";

/** An access token for a session. It never outlives the session it is for. */
export async function accessTokenOf(
  ctx: Context,
  { id, userId, expiresAt: over }: Pick<SessionRow, "id" | "userId" | "expiresAt">,
): Promise<{ accessToken: string; accessTokenExpiresAt: string }> {
  const expiresAt = Math.min(ctx.clock.now() + ctx.config.WAYPOST_ACCESS_TOKEN_LIFE, over);
  const accessToken = await ctx.signing.sign({ userId, sessionId: id, expiresAt });
  return { accessToken, accessTokenExpiresAt: isoOf(expiresAt) };
}

/** What a sign-in came to: a session, or the question for a second factor. */
export type SignInOutcome =
  | { readonly kind: "started"; readonly started: Started }
  | { readonly kind: "second_factor"; readonly challenge: string; readonly expiresAt: number };

const nothing: SignedIn = {
  accessToken: null,
  accessTokenExpiresAt: null,
  refreshToken: null,
  user: null,
  session: null,
  csrfToken: null,
  deviceToken: null,
  secondFactor: null,
};

/** The answer to a sign-in: secrets of a cookie session travel in cookies alone. */
export async function answerSignIn(
  ctx: Context,
  outcome: SignInOutcome,
  cookies: Cookies,
  request: Request,
): Promise<{ data: SignedIn; setCookie: string[] }> {
  if (outcome.kind === "second_factor") {
    const { challenge, expiresAt } = outcome;
    const methods: ("totp" | "recoveryCode")[] = ["totp", "recoveryCode"];
    return {
      data: { ...nothing, secondFactor: { challenge, methods, expiresAt: isoOf(expiresAt) } },
      setCookie: [],
    };
  }
  const { session, user, cookie, refreshToken, deviceToken } = outcome.started;
  const told = { ...nothing, user: toUser(user), session: toSession(session, session.id) };
  if (cookie !== null) {
    const lifeSeconds = Math.floor((session.expiresAt - session.createdAt) / 1000);
    return {
      data: { ...told, csrfToken: cookies.csrfToken(session.id) },
      setCookie: cookies.write(request, cookie, deviceToken, lifeSeconds),
    };
  }
  return {
    data: { ...told, ...(await accessTokenOf(ctx, session)), refreshToken, deviceToken },
    setCookie: [],
  };
}
