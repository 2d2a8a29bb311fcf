import {
  type CompiledRule,
  type CompiledRules,
  compileRules,
  type StoredRules,
} from "../../redirect/rules.ts";
import type { DomainSnapshot, LinkExtras, LinkSnapshot, Route } from "../../redirect/snapshot.ts";
import type { DomainRow } from "../domains/model.ts";
import type { LinkRow } from "../links/model.ts";
import { optionsOf } from "../links/options.ts";

export interface RoutingRow {
  readonly domain: DomainRow;
  readonly link: LinkRow | null;
  /** Rules and splits of the link; null for nearly all. */
  readonly rules: { readonly rules: unknown; readonly split: unknown } | null;
}

/** Tells locations that would come back to us: a host may have become ours after they were stored. */
export type Loops = (location: string) => boolean;

/** Tells workspaces that were deleted. */
export type Closed = (workspaceId: string) => boolean;

/** A link compiled for deciding. A host of a deleted workspace is nobody's, and its links are not there. */
export const compile = (row: RoutingRow, loops: Loops, closed: Closed): Route | null =>
  compileWithRules(row, loops, closed).route;

/** The same, with the rules one by one for whoever wants to know why. */
export function compileWithRules(
  { domain, link, rules: stored }: RoutingRow,
  loops: Loops,
  closed: Closed,
): { readonly route: Route | null; readonly rules: readonly CompiledRule[] } {
  if (domain.workspaceId !== null && closed(domain.workspaceId)) return { route: null, rules: [] };
  const known = domainSnapshot(domain, loops);
  if (link === null || closed(link.workspaceId)) return { route: { domain: known, link: null }, rules: [] };
  const rules = stored && rulesOf(link, stored as StoredRules, loops);
  return { route: { domain: known, link: linkSnapshot(link, rules, loops) }, rules: rules?.rules ?? [] };
}

const rulesOf = (row: LinkRow, stored: StoredRules, loops: Loops): CompiledRules =>
  compileRules(stored, {
    parentId: row.id,
    forwardQuery: row.forwardQuery,
    ownSplit: otherwiseOf(row) === "destination",
    loops,
  });

const domainSnapshot = (row: DomainRow, loops: Loops): DomainSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  host: row.host,
  caseSensitive: row.caseSensitive,
  rootUrl: fallback(row.rootUrl, loops),
  notFoundUrl: fallback(row.notFoundUrl, loops),
  expiredUrl: fallback(row.expiredUrl, loops),
});

const linkSnapshot = (row: LinkRow, rules: CompiledRules | null, loops: Loops): LinkSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  version: row.version,
  location: row.destinationUrl,
  status: row.redirectStatus as LinkSnapshot["status"],
  expiresAt: row.expiresAt,
  expiredUrl: fallback(row.expiredUrl, loops),
  clicksLimit: row.clicksLimit,
  forwardQuery: row.forwardQuery,
  enabled: row.enabled,
  loop: row.destinationUrl !== "" && loops(row.destinationUrl),
  extras: extrasOf(row, rules),
});

/** Null for all links that lead every visitor to the same place at all times. */
function extrasOf(row: LinkRow, rules: CompiledRules | null): LinkExtras | null {
  const otherwise = otherwiseOf(row);
  if (otherwise === "destination" && row.startsAt === null && rules === null) return null;
  return { otherwise, startsAt: row.startsAt, choose: rules?.choose ?? null, needs: rules?.needs ?? null };
}

const otherwiseOf = (row: LinkRow): LinkExtras["otherwise"] =>
  (({ rule_only: "not_found", never: "nowhere" }) as const)[optionsOf(row).redirectMode as string] ??
  "destination";

/** Our own page stands in for a fallback that leads back to us. */
const fallback = (location: string | null, loops: Loops): string | null =>
  location === null || loops(location) ? null : location;
