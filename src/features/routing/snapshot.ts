import type { DomainSnapshot, LinkExtras, LinkSnapshot, Route } from "../../redirect/snapshot.ts";
import type { DomainRow } from "../domains/model.ts";
import type { StoredLink } from "../links/model.ts";
import { type LinkOptions, optionsOf } from "../links/options.ts";

export interface RoutingRow {
  readonly domain: DomainRow;
  readonly link: StoredLink | null;
}

/** Tells locations that would come back to us: a host may have become ours after they were stored. */
export type Loops = (location: string) => boolean;

/** Tells workspaces that were deleted. */
export type Closed = (workspaceId: string) => boolean;

/** A link compiled for deciding. A host of a deleted workspace is nobody's, and its links are not there. */
export function compile({ domain, link }: RoutingRow, loops: Loops, closed: Closed): Route | null {
  if (domain.workspaceId !== null && closed(domain.workspaceId)) return null;
  return {
    domain: domainSnapshot(domain, loops),
    link: link === null || closed(link.workspaceId) ? null : linkSnapshot(link, loops),
  };
}

const domainSnapshot = (row: DomainRow, loops: Loops): DomainSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  host: row.host,
  caseSensitive: row.caseSensitive,
  rootUrl: fallback(row.rootUrl, loops),
  notFoundUrl: fallback(row.notFoundUrl, loops),
  expiredUrl: fallback(row.expiredUrl, loops),
});

const linkSnapshot = (row: StoredLink, loops: Loops): LinkSnapshot => ({
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
  extras: extrasOf(row, optionsOf(row)),
});

/** Null for all links that lead every visitor to the same place at all times. */
function extrasOf(row: StoredLink, options: LinkOptions): LinkExtras | null {
  const otherwise =
    ({ rule_only: "not_found", never: "nowhere" } as const)[options.redirectMode as string] ?? "destination";
  if (otherwise === "destination" && row.startsAt === null) return null;
  return { otherwise, startsAt: row.startsAt, choose: null };
}

/** Our own page stands in for a fallback that leads back to us. */
const fallback = (location: string | null, loops: Loops): string | null =>
  location === null || loops(location) ? null : location;
