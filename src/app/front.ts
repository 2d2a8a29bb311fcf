import { reachPage } from "../features/domains/reach.ts";
import type { ServedFiles } from "../features/domains/serve-files.ts";
import { unsubscribePage } from "../features/mail/unsubscribe.ts";
import { adminPage, docsPage } from "../features/reference/pages.ts";
import { AppError } from "../lib/errors.ts";
import { isWithin, type Network, unmapped } from "../lib/ip.ts";
import type { ReservedPath } from "../lib/slug.ts";
import type { Api } from "../platform/api.ts";
import type { Context } from "../platform/context.ts";
import { openPace } from "../platform/pace.ts";
import type { FrontHandler } from "../platform/server.ts";
import type { ClientReader } from "../redirect/client.ts";
import { pageResponse, pages } from "../redirect/pages.ts";

export interface Front {
  readonly api: Api;
  readonly trusted: readonly Network[];
  /** Takes in the requests whose browser spoke TLS to a proxy we trust. */
  readonly secure: WeakSet<Request>;
  readonly addressOf: ClientReader;
  /** For what a person does who is nobody here. */
  unasked(): Context;
  /** Answers what nobody else does. */
  readonly redirect: FrontHandler;
  readonly files: ServedFiles;
}

/** What is answered beside short links: the API, the admin page, and what programs ask for. */
export function frontPaths({
  api,
  trusted,
  secure,
  addressOf,
  unasked,
  redirect,
  files,
}: Front): Partial<Record<ReservedPath, FrontHandler>> {
  const pace = openPace();
  /** Whoever cannot be looked up now is told to come again: "none" would be kept. */
  const fileOr =
    (others: FrontHandler): FrontHandler =>
    async (request, peers) => {
      const answer = await Promise.try(() => files.answer(request)).catch(() =>
        pageResponse(pages.unavailable),
      );
      return answer ?? others(request, peers);
    };
  return {
    api(request, peers) {
      if (cameBySecure(request, unmapped(peers.requestIP(request)?.address ?? ""), trusted))
        secure.add(request);
      const address = addressOf(request, peers);
      if (pace.isFull()) return api.refuse(request, overloaded());
      return (
        docsPage(request) ?? unsubscribePage(request, unasked) ?? pace(() => api.fetch(request, address))
      );
    },
    admin: adminPage,
    ".well-known": (request, peers) => reachPage(request, unasked) ?? fileOr(redirect)(request, peers),
    "apple-app-site-association": fileOr(redirect),
    "robots.txt": fileOr(
      () => new Response("User-agent: *\nDisallow: /\n", { headers: { "content-type": "text/plain" } }),
    ),
  };
}

const overloaded = () =>
  new AppError("UNAVAILABLE", "Too many calls at once. Try again in a moment.", {
    headers: { "retry-after": "1" },
  });

/** Whether the browser speaks TLS to a proxy we trust. */
export const cameBySecure = (request: Request, peer: string, trusted: readonly Network[]): boolean =>
  request.headers.get("x-forwarded-proto") === "https" && isWithin(peer, trusted);

/** Of the base URL; null before setup has fixed it. */
export const hostOf = (baseUrl: string | null): string | null =>
  baseUrl === null ? null : new URL(baseUrl).hostname;
