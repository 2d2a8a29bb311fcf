import type { ClientReader, Peers } from "./client.ts";
import { isScan, withoutScan } from "./scan.ts";
import type { DomainSnapshot, LinkSnapshot } from "./snapshot.ts";
import { type Method, methods, type Outcome, type Visit } from "./visit.ts";

/** The method, when a short link answers it. All of these answer alike. */
export const methodOf = (method: string): Method | null =>
  method === "GET" ? method : (methods.find((known) => known === method) ?? null);

/** The one host that was asked for; null when there is none or more than one. Bun joins repeated headers. */
export function hostHeader(headers: Headers): string | null {
  const host = headers.get("host");
  return host === null || host === "" || host.includes(",") ? null : host;
}

/** A request that was understood: what it asks for, and what it is read out of. */
export interface Reading {
  readonly domain: DomainSnapshot;
  readonly link: LinkSnapshot | null;
  /** The path was `/`. */
  readonly root: boolean;
  readonly query: string;
  /** What stands behind the slug: empty, or a path from its slash on. */
  readonly rest: string;
  readonly method: Method;
  readonly request: Request;
  readonly headers: Headers;
  readonly peers: Peers;
}

/** The visit as it goes into the journal: each header read once, nothing parsed. */
export function readVisit(
  reading: Reading,
  addressOf: ClientReader,
  at: number,
  decision: { readonly outcome: Outcome | null; readonly ruleId?: string; readonly variantId?: string },
  visitor: Pick<Visit, "address" | "userAgent" | "optedOut"> | null = null,
): Visit {
  const { headers, query } = reading;
  const scan = query !== "" && isScan(query);
  return {
    at,
    domain: reading.domain,
    link: reading.link,
    outcome: decision.outcome!,
    trigger: scan ? "qr" : "link",
    method: reading.method,
    // What was read to decide is not read again.
    address: visitor === null ? addressOf(reading.request, reading.peers) : visitor.address,
    userAgent: visitor === null ? (headers.get("user-agent") ?? "") : visitor.userAgent,
    referrer: headers.get("referer") ?? "",
    language: headers.get("accept-language") ?? "",
    purpose: purposeOf(headers),
    query: scan ? withoutScan(query) : query,
    optedOut: visitor === null ? isOptedOut(headers) : visitor.optedOut,
    ruleId: decision.ruleId ?? "",
    variantId: decision.variantId ?? "",
  };
}

type Read = Pick<Headers, "get">;

export const purposeOf = (headers: Read): string =>
  headers.get("sec-purpose") ??
  headers.get("purpose") ??
  headers.get("x-purpose") ??
  headers.get("x-moz") ??
  "";

export const isOptedOut = (headers: Read): boolean =>
  headers.get("sec-gpc") === "1" || headers.get("dnt") === "1";
