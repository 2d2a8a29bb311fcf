import type { ClientReader } from "./client.ts";
import type { Rates } from "./rates.ts";
import type { Reading } from "./reading.ts";
import type { LinkSnapshot, VisitorNeeds } from "./snapshot.ts";
import { KEY_COOKIE, Visitor, type VisitorFacts, type VisitorPorts } from "./visitor.ts";

/** Makes the visitor of a request for a link with extras, and counts him where rules ask how often he comes. */
export function visitorOf(
  { domain, method, query, request, headers, peers }: Reading,
  { id: linkId, extras }: LinkSnapshot,
  {
    at,
    clicks,
    addressOf,
    ports,
    rates,
  }: {
    readonly at: number;
    /** Human clicks so far; null when nothing hangs on them. */
    readonly clicks: number | null;
    readonly addressOf: ClientReader;
    readonly ports: VisitorPorts;
    readonly rates: Rates;
  },
): Visitor {
  const facts: VisitorFacts = {
    at,
    method,
    url: request.url,
    query,
    headers,
    address: () => addressOf(request, peers),
    domainId: domain.id,
    linkId,
    clicks,
    rate: (whose, window) => counted?.get(`${whose} ${window}`) ?? null,
  };
  const visitor = new Visitor(facts, ports);
  const needed = extras?.needs?.rates ?? [];
  const counted = needed.length === 0 ? null : new Map<string, number>();
  // Every visit counts, also one that an earlier rule sends on.
  for (const { whose, window } of needed)
    counted!.set(
      `${whose} ${window}`,
      rates.hit(whose === "link" ? linkId : `${linkId} ${visitor.key}`, window, at),
    );
  return visitor;
}

/** The cookie by which a visitor is known again; null when nothing hangs on it, or he has it, or wants none. */
export function cookieFor(
  visitor: Visitor | null,
  needs: VisitorNeeds | null | undefined,
  isSecure: () => boolean,
): string | null {
  if (
    visitor === null ||
    !needs?.cookie ||
    visitor.optedOut ||
    visitor.keptKey !== null ||
    visitor.key === ""
  )
    return null;
  return `${KEY_COOKIE}=${visitor.key}; Path=/; Max-Age=${KEPT_SECONDS}; HttpOnly; SameSite=Lax${isSecure() ? "; Secure" : ""}`;
}

const KEPT_SECONDS = 365 * 86_400;
