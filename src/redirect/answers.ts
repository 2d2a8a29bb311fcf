import type { Decision } from "./decide.ts";
import { type Page, pageResponse, pages } from "./pages.ts";
import type { Brand } from "./snapshot.ts";

/** Whoever is sent nowhere. */
export function answerHere(decision: Exclude<Decision, { kind: "redirect" }>, brand: Brand | null): Response {
  if (decision.kind === "track") return new Response(null, { status: 204, headers: NEVER_KEPT });
  return branded(decision.kind === "page" ? pages[decision.page] : pages.password, brand);
}

/** One of our own pages, as the domain wants it to look. */
export const branded = (page: Page, brand: Brand | null): Response =>
  pageResponse(brand === null ? page : page.branded(brand));

export const redirectTo = (location: string, status: number, cookie: string | null = null): Response =>
  new Response(null, {
    status,
    headers:
      cookie === null ? redirectHeaders(location) : { ...redirectHeaders(location), "set-cookie": cookie },
  });

export const redirectHeaders = (location: string) => ({ location, "cache-control": "private, no-store" });
const NEVER_KEPT = { "cache-control": "private, no-store" };
