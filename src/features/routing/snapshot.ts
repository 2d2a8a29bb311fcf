import type { DomainSnapshot, LinkSnapshot, Route } from "../../redirect/snapshot.ts";
import type { DomainRow } from "../domains/model.ts";
import type { LinkRow } from "../links/model.ts";

export interface RoutingRow {
  readonly domain: DomainRow;
  readonly link: LinkRow | null;
}

/** A link compiled for deciding. `loops` tells destinations that would come back to us. */
export const compile = ({ domain, link }: RoutingRow, loops: (location: string) => boolean): Route => ({
  domain: domainSnapshot(domain),
  link: link === null ? null : linkSnapshot(link, loops),
});

const domainSnapshot = (row: DomainRow): DomainSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  host: row.host,
  caseSensitive: row.caseSensitive,
  rootUrl: row.rootUrl,
  notFoundUrl: row.notFoundUrl,
  expiredUrl: row.expiredUrl,
});

const linkSnapshot = (row: LinkRow, loops: (location: string) => boolean): LinkSnapshot => ({
  id: row.id,
  workspaceId: row.workspaceId,
  version: row.version,
  location: row.destinationUrl,
  status: row.redirectStatus as LinkSnapshot["status"],
  expiresAt: row.expiresAt,
  expiredUrl: row.expiredUrl,
  clicksLimit: row.clicksLimit,
  forwardQuery: row.forwardQuery,
  enabled: true,
  loop: loops(row.destinationUrl),
});
