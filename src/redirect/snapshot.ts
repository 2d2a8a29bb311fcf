import type { Window } from "./rules/condition.ts";
import type { Visitor } from "./visitor.ts";

/** What a redirect must know of a domain. Made by `features/routing`, dropped when the domain changes. */
export interface DomainSnapshot {
  readonly id: string;
  /** Null for the installation's own host, which every workspace may use. */
  readonly workspaceId: string | null;
  /** Lower case, ASCII, no port. */
  readonly host: string;
  readonly caseSensitive: boolean;
  /** Where `/` leads, and what unknown slugs and expired links fall back to. All ASCII, or null for our own page. */
  readonly rootUrl: string | null;
  readonly notFoundUrl: string | null;
  readonly expiredUrl: string | null;
  /** Whether links of the domain take paths behind their slugs: what is missing is then looked for once more. */
  readonly forwardsPaths: boolean;
  /** Whose name our own pages show; null for nobody's. */
  readonly brand: Brand | null;
}

/** Whose the domain is, as its pages show it. */
export interface Brand {
  /** On one line; empty for none. */
  readonly name: string;
  /** `#rrggbb`; null for the usual. */
  readonly color: string | null;
  /** Where the name leads; null for nowhere. */
  readonly url: string | null;
}

/**
 * What few links have. Most of it looks at the visitor, who is read for links with extras alone; all others pay one
 * look at null for it.
 */
export interface LinkExtras {
  /** Where the link leads when no rule says: to its destination, to nobody's page, or nowhere (204). */
  readonly otherwise: "destination" | "not_found" | "nowhere";
  /** Milliseconds since 1970. Before this millisecond nobody is told that the link exists. */
  readonly startsAt: number | null;
  /** Argon2id, of the password that visitors are asked for; null for none. */
  readonly passwordHash: string | null;
  /** Whether what stands behind the slug is put behind the location. */
  readonly forwardPath: boolean;
  /** Which of a visitor's parameters are handed on, where it is neither all nor none: `forwardQuery` is false then. */
  readonly forwardOnly: "campaign" | "others" | null;
  /** What the rules of the link choose for a visitor; null when there are none. */
  readonly choose: ((visitor: Visitor) => Choice | null) | null;
  /** What the rules look at beside the request; null when it is nothing. */
  readonly needs: VisitorNeeds | null;
}

/** What must be found out about a visitor before rules can be asked. */
export interface VisitorNeeds {
  /** How many clicks the link has had. */
  readonly clicks: boolean;
  /** The visitor must be known again: a cookie is set. */
  readonly cookie: boolean;
  readonly rates: readonly { readonly whose: "visitor" | "link"; readonly window: Window }[];
}

/** Where a rule sends a visitor. */
export interface Choice {
  readonly ruleId: string;
  /** Empty when the rule has no variants. */
  readonly variantId: string;
  /** ASCII, as it goes out. */
  readonly location: string;
  readonly forwardQuery: boolean;
  /** As in `LinkExtras`, by what the rule says of it; left out, it is null. */
  readonly forwardOnly?: LinkExtras["forwardOnly"];
}

/** All a redirect needs to know of a link: made when the link changes, read on every click. */
export interface LinkSnapshot {
  readonly id: string;
  readonly workspaceId: string;
  /** Counts the edits of the link; every click carries it. */
  readonly version: number;
  /** The destination as it goes out: `new URL(…).href`, which is always ASCII. Empty when the extras say where it leads. */
  readonly location: string;
  readonly status: 301 | 302 | 307 | 308;
  /** Milliseconds since 1970. From this millisecond on the link is expired. */
  readonly expiresAt: number | null;
  readonly expiredUrl: string | null;
  /** How many human clicks are sent on; after them the link answers "limit reached". */
  readonly clicksLimit: number | null;
  /** Whether the visitor's query parameters are handed on to the destination. */
  readonly forwardQuery: boolean;
  readonly enabled: boolean;
  /** True when the destination lies on a host that serves short links here: sending on would go round in circles. */
  readonly loop: boolean;
  readonly extras: LinkExtras | null;
}

/** What a host and path lead to. `link` is null when the domain knows no such slug. */
export interface Route {
  readonly domain: DomainSnapshot;
  readonly link: LinkSnapshot | null;
}
