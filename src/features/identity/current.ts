import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type CurrentSession, toSession } from "./auth-model.ts";
import type { Cookies } from "./cookie.ts";
import { sessionOver } from "./errors.ts";
import { toUser } from "./model.ts";
import { liveSessions, userById } from "./store.ts";

/** Who is signed in, and the token that pages need to write. */
export async function readCurrent(ctx: Context, cookies: Cookies): Promise<typeof CurrentSession.static> {
  const { userId, sessionId } = personOf(ctx);
  const user = await userById(ctx, userId);
  if (user === null) throw sessionOver();
  const row = (await liveSessions(ctx, userId)).find(({ id }) => id === sessionId) ?? null;
  return {
    user: toUser(user),
    session: row && toSession(row, sessionId),
    csrfToken: row?.kind === "cookie" ? cookies.csrfToken(row.id) : null,
  };
}
