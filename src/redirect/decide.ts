import { campaignPairs, withPath, withQuery } from "./location.ts";
import type { DomainSnapshot, LinkExtras, LinkSnapshot } from "./snapshot.ts";
import type { Outcome } from "./visit.ts";
import type { Visitor } from "./visitor.ts";

/** Where a visitor goes. `outcome` is what the click journal keeps; null when nothing is recorded. */
export type Decision =
  | {
      readonly kind: "redirect";
      readonly outcome: Outcome | null;
      readonly status: 301 | 302 | 307 | 308;
      readonly location: string;
      /** The visitor's query may be merged into `location`. */
      readonly forwardQuery: boolean;
      /** Set when a rule has chosen; both are empty otherwise, or absent. */
      readonly ruleId?: string;
      readonly variantId?: string;
    }
  /** Asked for the password of the link. */
  | { readonly kind: "password"; readonly outcome: "password_asked" }
  /** Counted, and answered with nothing. */
  | { readonly kind: "track"; readonly outcome: "tracked" }
  | { readonly kind: "page"; readonly outcome: Outcome | null; readonly page: PageName };

/** Our own pages, for when there is nowhere to send a visitor. */
export type PageName = "not_found" | "expired" | "limit_reached" | "loop" | "root";

/** What the decision hangs on beside the link: all that is known of the visit. */
export interface DecisionFacts {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The path was `/`. */
  readonly root: boolean;
  /** There for links with extras; nobody else is looked at. */
  readonly visitor?: Visitor | null;
  /** The visitor has shown the password of the link. */
  readonly unlocked?: boolean;
  /** What stands behind the slug: empty, or a path from its slash on. */
  readonly rest?: string;
}

/**
 * Every rule of where a click goes, in order: the first that holds wins. Pure. A click limit is not decided
 * here, because taking a click off it is an act: the handler claims, and asks `limitReached` when it fails.
 */
export function decide(domain: DomainSnapshot, link: LinkSnapshot | null, facts: DecisionFacts): Decision {
  if (link === null) return facts.root ? root(domain) : missing(domain, "not_found");
  // To a stranger, a link that is switched off and one that never was look the same.
  if (!link.enabled) return missing(domain, "disabled");
  // It exists and is not served, so its outcome is that of a link switched off.
  if (link.loop) return { kind: "page", outcome: "disabled", page: "loop" };
  if (link.expiresAt !== null && facts.at >= link.expiresAt) return over(domain, link, "expired");
  if (link.extras !== null) return decideExtras(domain, link, link.extras, facts);
  return {
    kind: "redirect",
    outcome: "redirected",
    status: link.status,
    location: link.location,
    forwardQuery: link.forwardQuery,
  };
}

/** The same for a link with something that few have. */
function decideExtras(
  domain: DomainSnapshot,
  link: LinkSnapshot,
  extras: LinkExtras,
  { at, visitor = null, unlocked = false, rest = "" }: DecisionFacts,
): Decision {
  if (extras.startsAt !== null && at < extras.startsAt) return missing(domain, "disabled");
  if (extras.otherwise === "nowhere") return { kind: "track", outcome: "tracked" };
  if (extras.passwordHash !== null && !unlocked) return { kind: "password", outcome: "password_asked" };
  const chosen = visitor && extras.choose !== null ? extras.choose(visitor) : null;
  if (chosen === null && extras.otherwise === "not_found") return missing(domain, "not_found");
  if (chosen === null)
    return {
      kind: "redirect",
      outcome: "redirected",
      status: link.status,
      location: handedOn(link.location, extras, extras.forwardOnly, rest, visitor),
      forwardQuery: link.forwardQuery,
    };
  return {
    kind: "redirect",
    outcome: "redirected",
    status: link.status,
    // A rule has its own word on what is handed on.
    location: handedOn(chosen.location, extras, chosen.forwardOnly ?? null, rest, visitor),
    forwardQuery: chosen.forwardQuery,
    ruleId: chosen.ruleId,
    variantId: chosen.variantId,
  };
}

/** The location with what this visitor brings along, but for a whole query, which the handler adds. */
function handedOn(
  location: string,
  extras: LinkExtras,
  only: LinkExtras["forwardOnly"],
  rest: string,
  visitor: Visitor | null,
): string {
  const behind = rest === "" || !extras.forwardPath ? location : withPath(location, rest);
  if (only === null || !visitor || visitor.query === "") return behind;
  return withQuery(behind, campaignPairs(visitor.query, only === "campaign"));
}

/** Where a redirect goes in the end, with the visitor's query where it is handed on. */
export const sentTo = (
  { location, forwardQuery }: Extract<Decision, { kind: "redirect" }>,
  query: string,
): string => (forwardQuery && query !== "" ? withQuery(location, query) : location);

/** The decision for a link whose clicks are used up. */
export const limitReached = (domain: DomainSnapshot, link: LinkSnapshot): Decision =>
  over(domain, link, "limit_reached");

/** A link whose time or clicks are over: its own fallback, else the domain's, else a page. */
function over(domain: DomainSnapshot, link: LinkSnapshot, outcome: "expired" | "limit_reached"): Decision {
  const location = link.expiredUrl ?? domain.expiredUrl;
  return location === null ? { kind: "page", outcome, page: outcome } : fallback(location, outcome);
}

/** Nobody's slug. The root of a domain is no link: its visits are not recorded. */
const missing = (domain: DomainSnapshot, outcome: "not_found" | "disabled"): Decision =>
  domain.notFoundUrl === null
    ? { kind: "page", outcome, page: "not_found" }
    : fallback(domain.notFoundUrl, outcome);

const root = (domain: DomainSnapshot): Decision =>
  domain.rootUrl === null ? { kind: "page", outcome: null, page: "root" } : fallback(domain.rootUrl, null);

/** Fallbacks are temporary whatever the link's status: a browser must ask again when the link is back. */
const fallback = (location: string, outcome: Outcome | null): Decision => ({
  kind: "redirect",
  outcome,
  status: 302,
  location,
  forwardQuery: false,
});
