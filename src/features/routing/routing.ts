import { and, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import { foldSlug } from "../../lib/slug.ts";
import { isLoopbackHost, originOf } from "../../lib/url.ts";
import type { Event } from "../../platform/events.ts";
import type { ExplainedRule } from "../../redirect/rules.ts";
import type { Route } from "../../redirect/snapshot.ts";
import { isTrusted } from "../domains/served.ts";
import { compile, explained, type RoutingRow, type World } from "./snapshot.ts";

/** What the redirect's cache offers to whoever knows that something changed. */
export interface Droppable {
  drop(domainId: string, slugKey: string): void;
  clear(): void;
}

export interface Routing {
  /** What a host and slug lead to: at once on SQLite, later on Postgres. Null for hosts that are not ours. */
  resolve(host: string, slug: string): Route | null | Promise<Route | null>;
  /** The same out of the database, with the rules of the link one by one. */
  read(
    host: string,
    slug: string,
  ): Promise<{ readonly route: Route | null; readonly rules: readonly ExplainedRule[] }>;
  /** Drops what a committed event has made stale, before its answer goes out. */
  heard(event: Event, cache: Droppable): void;
}

/** The one builder of redirect snapshots. */
export async function openRouting(
  db: Database,
  baseUrl: () => string | null,
  config: Pick<Config, "WAYPOST_DOMAINS_VERIFY">,
): Promise<Routing> {
  const byHost = prepared(db, (tables) => eq(tables.domains.host, sql.placeholder("host")));
  const shared = prepared(db, (tables) => isNull(tables.domains.workspaceId));
  const hosts = await ownHosts(db, config);
  // Few, and known beforehand: asking the database for each link would make misses a third slower.
  const shut = await shutWorkspaces(db);
  const forwarding = await forwardingDomains(db);

  const loops = (location: string): boolean => {
    const { host, port } = originOf(location);
    if (!isLoopbackHost(host)) return hosts.has(host);
    return port === originOf(baseUrl() ?? "http://localhost").port;
  };

  // The names of this machine lead to the installation's own domain, whatever it is called outside.
  const find = (host: string, slug: string) =>
    (isLoopbackHost(host) ? shared : byHost)({
      host,
      exact: foldSlug(slug, true),
      folded: foldSlug(slug, false),
    });
  const world: World = {
    loops,
    trusts: (domain) => isTrusted(domain, config),
    closed: (workspaceId) => shut.has(workspaceId),
    forwardsPaths: (domainId) => forwarding.has(domainId),
  };

  return {
    async read(host, slug) {
      const row = await find(host, slug);
      if (row === undefined) return { route: null, rules: [] };
      return { route: compile(row, world), rules: explained(row, world) };
    },
    resolve(host, slug) {
      const row = find(host, slug);
      if (row instanceof Promise) return row.then((late) => (late ? compile(late, world) : null));
      return row === undefined ? null : compile(row, world);
    },
    heard(event, cache) {
      if (OF_A_LINK.test(event.type)) dropLink(event.data as LinkFacts, cache);
      if (event.type.startsWith("link.")) noteForwarding(forwarding, event.data as LinkFacts, cache);
      if (
        (event.type.startsWith("domain.") && event.type !== "domain.checked") ||
        event.type.startsWith("installation.")
      ) {
        noteHost(hosts, event, config);
        cache.clear();
      }
      if (CLOSING.test(event.type)) {
        noteShut(shut, event);
        cache.clear();
      }
    },
  };
}

const OF_A_LINK = /^(link|rule|split)\./;

/** All links of a workspace at once. */
const CLOSING = /^workspace\.(deleted|restored|purged)$/;

function noteShut(shut: Set<string>, { type, data }: Event): void {
  const { liveId, testId } = data as { readonly liveId: string; readonly testId: string | null };
  for (const side of [liveId, ...(testId === null ? [] : [testId])])
    if (type === "workspace.deleted") shut.add(side);
    else shut.delete(side);
}

interface LinkFacts {
  /** Null for rules of a campaign. */
  readonly domainId: string | null;
  readonly slug: string | null;
  readonly forwardPath?: boolean;
  readonly previous?: { readonly slug?: string; readonly domainId?: string };
}

/**
 * The first link of a domain that takes paths makes whatever was missing there worth another look. When the last one
 * goes, the looks go on until the next start.
 */
function noteForwarding(
  forwarding: Set<string>,
  { domainId, forwardPath }: LinkFacts,
  cache: Droppable,
): void {
  if (!forwardPath || domainId === null || forwarding.has(domainId)) return;
  forwarding.add(domainId);
  cache.clear();
}

/** The domain may tell cases apart or not: both keys are dropped, which costs nothing. */
function dropLink({ domainId, slug, previous }: LinkFacts, cache: Droppable): void {
  // Any link may belong to the campaign.
  if (domainId === null || slug === null) {
    cache.clear();
    return;
  }
  const folded = (one: string) => [foldSlug(one, true), foldSlug(one, false)];
  for (const key of new Set(folded(slug))) cache.drop(domainId, key);
  if (previous?.slug === undefined && previous?.domainId === undefined) return;
  for (const key of new Set(folded(previous.slug ?? slug))) cache.drop(previous.domainId ?? domainId, key);
}

interface HostFacts {
  readonly host?: string;
  readonly status?: string;
  readonly baseUrl?: string;
  /** The base URL that was given up. */
  readonly previous?: { readonly baseUrl?: string | null };
}

function noteHost(
  hosts: Set<string>,
  { type, data }: Event,
  { WAYPOST_DOMAINS_VERIFY: insists }: Pick<Config, "WAYPOST_DOMAINS_VERIFY">,
): void {
  const { host, status, baseUrl, previous } = data as HostFacts;
  // First, because only the scheme or port may have changed.
  if (previous?.baseUrl) hosts.delete(originOf(previous.baseUrl).host);
  if (baseUrl) hosts.add(originOf(baseUrl).host);
  if (host && type === "domain.deleted") hosts.delete(host);
  else if (host && !(insists && status === "pending")) hosts.add(host);
}

/** A host that somebody has only claimed is no reason to send nobody there. */
async function ownHosts(db: Database, config: Pick<Config, "WAYPOST_DOMAINS_VERIFY">): Promise<Set<string>> {
  const { host, workspaceId, verifiedAt } = db.tables.domains;
  const rows = await db.read.select({ host, workspaceId, verifiedAt }).from(db.tables.domains);
  return new Set(rows.filter((row) => isTrusted(row, config)).map((row) => row.host));
}

async function forwardingDomains(db: Database): Promise<Set<string>> {
  const { links } = db.tables;
  const rows = await db.read
    .selectDistinct({ id: links.domainId })
    .from(links)
    .where(sql`${links.forwardPath}`);
  return new Set(rows.map(({ id }) => id));
}

async function shutWorkspaces(db: Database): Promise<Set<string>> {
  const { workspaces } = db.tables;
  const rows = await db.read
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(isNotNull(workspaces.deletedAt));
  return new Set(rows.map(({ id }) => id));
}

/** What deciding needs; the rest, such as the last look at DNS, would be parsed for each link. */
const domainColumns = ({
  id,
  workspaceId,
  host,
  caseSensitive,
  rootUrl,
  notFoundUrl,
  expiredUrl,
  branding,
  verifiedAt,
}: Database["tables"]["domains"]) => ({
  id,
  workspaceId,
  host,
  caseSensitive,
  rootUrl,
  notFoundUrl,
  expiredUrl,
  branding,
  verifiedAt,
});

/** One query for domain and link, whether or not the domain has such a slug. */
function prepared(db: Database, domain: (tables: Database["tables"]) => SQL) {
  const { domains, links, ruleSets } = db.tables;
  const key = sql`case when ${domains.caseSensitive} then ${sql.placeholder("exact")} else ${sql.placeholder("folded")} end`;
  return db.prepare<RoutingRow>((read) =>
    read
      .select({
        domain: domainColumns(domains),
        link: links,
        rules: { rules: ruleSets.rules, split: ruleSets.split },
      })
      .from(domains)
      .leftJoin(links, and(eq(links.domainId, domains.id), eq(links.slugKey, key), isNull(links.deletedAt)))
      .leftJoin(ruleSets, eq(ruleSets.parentId, links.id))
      .where(domain(db.tables))
      .limit(1),
  );
}
