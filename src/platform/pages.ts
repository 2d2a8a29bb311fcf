import type { Actor } from "./context.ts";
import type { RegisteredRoute } from "./routes.ts";

/** Whether some publishable key may be used by pages of this origin. */
export type KnowsOrigin = (origin: string) => Promise<boolean>;

/** What a page may send beside its body. */
const SENT = "authorization, content-type, idempotency-key, x-api-key, x-request-id";
/** What it may read beside the answer's body. */
const READ =
  "x-request-id, retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";
/** Two hours: no browser remembers for longer. */
const REMEMBERED_SECONDS = "7200";

/**
 * The answer to a browser that asks whether a page of another origin may call (the CORS-preflight of the Fetch
 * standard); null when it is no such question, or the answer is no. It comes without a key, so it is answered for
 * origins that any key allows; the call itself is held against its own. Cookies are never asked for.
 */
export async function preflight(
  request: Request,
  routeFor: (method: string) => RegisteredRoute | null,
  knows: KnowsOrigin,
): Promise<Response | null> {
  const { headers } = request;
  const origin = headers.get("origin");
  const method = headers.get("access-control-request-method");
  if (request.method !== "OPTIONS" || origin === null || method === null) return null;
  if (!routeFor(method)?.pages || !(await knows(origin))) return null;
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": method,
      "access-control-allow-headers": SENT,
      "access-control-max-age": REMEMBERED_SECONDS,
      vary: VARY,
    },
  });
}

const VARY = "origin, access-control-request-method, access-control-request-headers";

/** Lets a browser hand the answer to its page: of a route for pages, to a key that allows the origin. */
export function showToPage(response: Response, request: Request, actor: Actor | null): void {
  response.headers.set("vary", "origin");
  const origin = request.headers.get("origin");
  // Whoever came in with a publishable key came from an origin of that key.
  if (origin === null || actor?.application?.kind !== "publishable") return;
  response.headers.set("access-control-allow-origin", origin);
  response.headers.set("access-control-expose-headers", READ);
}
