import type { DomainSnapshot, LinkSnapshot, Route } from "../../redirect/snapshot.ts";
import type { DomainRow } from "../domains/model.ts";
import type { LinkRow } from "../links/model.ts";

export interface RoutingRow {
  readonly domain: DomainRow;
  readonly link: LinkRow | null;
  /** When the workspace was deleted that owns the domain or, on the installation's own host, the link. */
  readonly closedAt: number | null;
}

/** Tells locations that would come back to us: a host may have become ours after they were stored. */
export type Loops = (location: string) => boolean;

/** A link compiled for deciding. Null for a host of a deleted workspace, which is nobody's; its links are not there. */
export function compile({ domain, link, closedAt }: RoutingRow, loops: Loops): Route | null {
  if (closedAt !== null && domain.workspaceId !== null) return null;
  return {
    domain: domainSnapshot(domain, loops),
    link: link === null || closedAt !== null ? null : linkSnapshot(link, loops),
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

const linkSnapshot = (row: LinkRow, loops: Loops): LinkSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  version: row.version,
  location: row.destinationUrl,
  status: row.redirectStatus as LinkSnapshot["status"],
  expiresAt: row.expiresAt,
  expiredUrl: fallback(row.expiredUrl, loops),
  clicksLimit: row.clicksLimit,
  forwardQuery: row.forwardQuery,
  enabled: true,
  loop: loops(row.destinationUrl),
});

/** Our own page stands in for a fallback that leads back to us. */
const fallback = (location: string | null, loops: Loops): string | null =>
  location === null || loops(location) ? null : location;
