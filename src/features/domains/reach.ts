import { withoutPort } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import { REACH_PATH, reachToken } from "./verification.ts";

/**
 * What we ask a host for to see whether it leads here, through whatever stands in between. It tells of the host that
 * was asked for, so that nobody can answer it for another. Null for all other addresses.
 */
export function reachPage(request: Request, context: () => Context): Response | null {
  const { pathname, host } = new URL(request.url);
  if (pathname !== REACH_PATH) return null;
  return new Response(`${reachToken(context(), withoutPort(host).replace(/\.$/, ""))}\n`, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
