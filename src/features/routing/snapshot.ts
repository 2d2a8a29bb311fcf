import { withQuery } from "../../redirect/location.ts";
import {
  type CompiledRules,
  compileRules,
  type ExplainedRule,
  explainedRules,
  type RulesHome,
  type StoredRules,
} from "../../redirect/rules.ts";
import type { DomainSnapshot, LinkExtras, LinkSnapshot, Route } from "../../redirect/snapshot.ts";
import type { DomainRow } from "../domains/model.ts";
import type { StoredLink } from "../links/model.ts";
import { type LinkOptions, optionsOf, type RedirectMode } from "../links/options.ts";
import { type Utm, utmQuery } from "../links/utm.ts";

export type RoutedDomain = Pick<
  DomainRow,
  | "id"
  | "workspaceId"
  | "host"
  | "caseSensitive"
  | "rootUrl"
  | "notFoundUrl"
  | "expiredUrl"
  | "branding"
  | "verifiedAt"
>;

export interface RoutingRow {
  readonly domain: RoutedDomain;
  readonly link: StoredLink | null;
  /** Rules and splits of the link; null for nearly all. */
  readonly rules: { readonly rules: unknown; readonly split: unknown } | null;
}

/** What is known beside the rows. */
export interface World {
  /** Tells locations that would come back to us: a host may have become ours after they were stored. */
  loops(location: string): boolean;
  /** Tells domains that may be served, as far as it is known whose they are. */
  trusts(domain: Pick<DomainRow, "workspaceId" | "verifiedAt">): boolean;
  /** Tells workspaces that were deleted. */
  closed(workspaceId: string): boolean;
  /** Tells domains with links that take paths behind their slugs. */
  forwardsPaths(domainId: string): boolean;
}
type Loops = World["loops"];

/** A link compiled for deciding. A host of a deleted workspace is nobody's, and its links are not there. */
export function compile(
  { domain, link, rules }: RoutingRow,
  { loops, closed, forwardsPaths, trusts }: World,
): Route | null {
  if (!trusts(domain)) return null;
  if (domain.workspaceId !== null && closed(domain.workspaceId)) return null;
  const known = domainSnapshot(domain, loops, forwardsPaths(domain.id));
  if (link === null || closed(link.workspaceId)) return { domain: known, link: null };
  const compiled = rules && compileRules(rules as StoredRules, homeOf(link, loops));
  return { domain: known, link: linkSnapshot(link, compiled, loops) };
}

/** The rules of a link one by one, for whoever wants to know why. */
export const explained = ({ link, rules }: RoutingRow, { loops }: World): ExplainedRule[] =>
  link === null || rules === null ? [] : explainedRules(rules as StoredRules, homeOf(link, loops));

function homeOf(row: StoredLink, loops: Loops): RulesHome {
  const { redirectMode = "auto", forwardUtm = row.forwardQuery, utm } = optionsOf(row);
  return {
    parentId: row.id,
    forwardQuery: row.forwardQuery,
    forwardUtm,
    utm: (utm as Utm | undefined) ?? null,
    ownSplit: WITHOUT_RULE[redirectMode] === "destination",
    loops,
  };
}

const domainSnapshot = (row: RoutedDomain, loops: Loops, forwardsPaths: boolean): DomainSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  host: row.host,
  caseSensitive: row.caseSensitive,
  rootUrl: fallback(row.rootUrl, loops),
  notFoundUrl: fallback(row.notFoundUrl, loops),
  expiredUrl: fallback(row.expiredUrl, loops),
  forwardsPaths,
  brand: row.branding === null ? null : { name: "", color: null, url: null, ...row.branding },
});

function linkSnapshot(row: StoredLink, rules: CompiledRules | null, loops: Loops): LinkSnapshot {
  const options = optionsOf(row);
  const extras = extrasOf(row, options, rules);
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    version: row.version,
    location: locationOf(row, options),
    status: row.redirectStatus as LinkSnapshot["status"],
    expiresAt: row.expiresAt,
    expiredUrl: fallback(row.expiredUrl, loops),
    clicksLimit: row.clicksLimit,
    forwardQuery: row.forwardQuery && !extras?.forwardOnly,
    enabled: row.enabled,
    // One that leads nowhere by itself cannot lead back here.
    loop: (extras?.otherwise ?? "destination") === "destination" && loops(row.destinationUrl),
    extras,
  };
}

/** The link's own campaign parameters are the same for every visitor: they are put in once. */
function locationOf({ destinationUrl }: StoredLink, { utm }: LinkOptions): string {
  return destinationUrl === "" || !utm ? destinationUrl : withQuery(destinationUrl, utmQuery(utm as Utm));
}

/** Null for all links that lead every visitor to the same place at all times. */
function extrasOf(row: StoredLink, options: LinkOptions, rules: CompiledRules | null): LinkExtras | null {
  const { startsAt, passwordHash, forwardPath } = row;
  const otherwise = WITHOUT_RULE[options.redirectMode ?? "auto"];
  const forwardOnly = forwardOnlyOf(row, options);
  const isPlain = otherwise === "destination" && startsAt === null && passwordHash === null;
  if (isPlain && !forwardPath && forwardOnly === null && rules === null) return null;
  const { choose = null, needs = null } = rules ?? {};
  return { otherwise, startsAt, passwordHash, forwardPath, forwardOnly, choose, needs };
}

const WITHOUT_RULE: Readonly<Record<RedirectMode, LinkExtras["otherwise"]>> = {
  auto: "destination",
  always: "destination",
  rule_only: "not_found",
  never: "nowhere",
};

/** The switch for campaign parameters counts where it differs from the one for all. */
function forwardOnlyOf({ forwardQuery }: StoredLink, { forwardUtm }: LinkOptions): LinkExtras["forwardOnly"] {
  if (forwardUtm === undefined || forwardUtm === forwardQuery) return null;
  return forwardUtm ? "campaign" : "others";
}

/** Our own page stands in for a fallback that leads back to us. */
const fallback = (location: string | null, loops: Loops): string | null =>
  location === null || loops(location) ? null : location;
