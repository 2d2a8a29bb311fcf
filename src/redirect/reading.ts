import type { ClientReader, Peers } from "./client.ts";
import type { Route } from "./snapshot.ts";
import { type Method, methods, type Outcome, type Visit } from "./visit.ts";

/** The method, when a short link answers it. All of these answer alike. */
export const methodOf = (method: string): Method | null =>
  method === "GET" ? method : (methods.find((known) => known === method) ?? null);

/** The one host that was asked for; null when there is none or more than one. Bun joins repeated headers. */
export function hostHeader(headers: Headers): string | null {
  const host = headers.get("host");
  return host === null || host === "" || host.includes(",") ? null : host;
}

/** Reads a visit out of a request: each header once, nothing parsed. */
export function readVisit(
  request: Request,
  peers: Peers,
  addressOf: ClientReader,
  known: { at: number; route: Route; outcome: Outcome; method: Method; query: string },
): Visit {
  const { headers } = request;
  return {
    at: known.at,
    domain: known.route.domain,
    link: known.route.link,
    outcome: known.outcome,
    trigger: "link",
    method: known.method,
    address: addressOf(request, peers),
    userAgent: headers.get("user-agent") ?? "",
    referrer: headers.get("referer") ?? "",
    language: headers.get("accept-language") ?? "",
    purpose:
      headers.get("sec-purpose") ??
      headers.get("purpose") ??
      headers.get("x-purpose") ??
      headers.get("x-moz") ??
      "",
    query: known.query,
    optedOut: headers.get("sec-gpc") === "1" || headers.get("dnt") === "1",
  };
}
