import type { Clock } from "../../src/lib/clock.ts";
import { parseNetwork } from "../../src/lib/ip.ts";
import { foldSlug } from "../../src/lib/slug.ts";
import { RouteCache } from "../../src/redirect/cache.ts";
import { type RedirectPorts, redirectHandler } from "../../src/redirect/handler.ts";
import { openLocks } from "../../src/redirect/locks.ts";
import type { DomainSnapshot, LinkExtras, LinkSnapshot, Route } from "../../src/redirect/snapshot.ts";
import type { Visit } from "../../src/redirect/visit.ts";
import { visitorPorts } from "./visitor.ts";

export const domainOf = (facts: Partial<DomainSnapshot> = {}): DomainSnapshot => ({
  id: "dom_1",
  workspaceId: "ws_1",
  host: "go.test",
  caseSensitive: false,
  rootUrl: null,
  notFoundUrl: null,
  expiredUrl: null,
  forwardsPaths: false,
  brand: null,
  ...facts,
});

export const linkOf = (facts: Partial<LinkSnapshot> = {}): LinkSnapshot => ({
  id: "link_1",
  workspaceId: "ws_1",
  version: 1,
  location: "https://example.com/page",
  status: 302,
  expiresAt: null,
  expiredUrl: null,
  clicksLimit: null,
  forwardQuery: false,
  enabled: true,
  loop: false,
  extras: null,
  ...facts,
});

export const extrasOf = (facts: Partial<LinkExtras> = {}): LinkExtras => ({
  otherwise: "destination",
  startsAt: null,
  passwordHash: null,
  forwardPath: false,
  forwardOnly: null,
  choose: null,
  needs: null,
  ...facts,
});

/** A redirect over links in a Map, with a clock moved by hand. */
export function makeRedirect(options: {
  domains?: DomainSnapshot[];
  links?: Record<string, LinkSnapshot>;
  trusted?: string[];
  later?: boolean;
  ports?: Partial<RedirectPorts>;
}) {
  const domains = options.domains ?? [domainOf()];
  const links = new Map(Object.entries(options.links ?? {}));
  const visits: Visit[] = [];
  const failures: string[] = [];
  const lookups: string[] = [];
  const claims = new Map<string, number>();
  const clock: Clock & { at: number } = { at: 1_000_000, now: () => clock.at };
  const find = (host: string, slug: string): Route | null => {
    lookups.push(`${host}/${slug}`);
    const domain = domains.find((one) => one.host === host);
    if (!domain) return null;
    return { domain, link: links.get(foldSlug(slug, domain.caseSensitive)) ?? null };
  };
  const routes = new RouteCache({
    resolve: (host, slug) =>
      options.later ? Promise.resolve().then(() => find(host, slug)) : find(host, slug),
    linksMax: 100,
    missesMax: 50,
  });
  const handler = redirectHandler({
    routes,
    clock,
    trustedProxies: (options.trusted ?? []).map((text) => parseNetwork(text)!),
    record: (visit) => void visits.push(visit),
    claim: (linkId, limit) => {
      const taken = claims.get(linkId) ?? 0;
      if (taken >= limit) return false;
      claims.set(linkId, taken + 1);
      return true;
    },
    exhausted: (linkId, limit) => (claims.get(linkId) ?? 0) >= limit,
    consumes: (facts) => facts.method !== "HEAD" && facts.userAgent !== "bot",
    used: (linkId) => claims.get(linkId) ?? 0,
    locks: openLocks("secret", async (_, typed) => (typed === "right" ? "right" : "wrong")),
    visitors: visitorPorts,
    failed: (what, error) => void failures.push(`${what}: ${(error as Error).message}`),
    ...options.ports,
  });
  const visit = (path: string, init: RequestInit & { host?: string } = {}) => {
    const headers = new Headers(init.headers);
    headers.set("host", init.host ?? "go.test");
    return handler(new Request(`http://${init.host ?? "go.test"}${path}`, { ...init, headers }), {
      requestIP: () => ({ address: "::ffff:192.0.2.7" }),
    });
  };
  return { handler, routes, links, visits, failures, lookups, claims, clock, visit };
}
