import type { Decision } from "./decide.ts";
import { pageResponse, pages } from "./pages.ts";

/** Whoever is sent nowhere. */
export function answerHere(decision: Exclude<Decision, { kind: "redirect" }>): Response {
  if (decision.kind === "page") return pageResponse(pages[decision.page]);
  if (decision.kind === "password") return pageResponse(pages.password);
  return new Response(null, { status: 204, headers: NEVER_KEPT });
}

export const redirectTo = (location: string, status: number, cookie: string | null = null): Response =>
  new Response(null, {
    status,
    headers:
      cookie === null ? redirectHeaders(location) : { ...redirectHeaders(location), "set-cookie": cookie },
  });

export const redirectHeaders = (location: string) => ({ location, "cache-control": "private, no-store" });
const NEVER_KEPT = { "cache-control": "private, no-store" };
