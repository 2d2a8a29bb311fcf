import { eq, sql } from "drizzle-orm";
import type { Build, Tx } from "../../db/database.ts";
import { invalid } from "../../lib/errors.ts";
import { hashOf } from "../../lib/secrets.ts";
import { type Destination, isLoopbackHost, originOf, parseDestination } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import type { DomainRow } from "./model.ts";
import { isTrusted } from "./served.ts";

/**
 * A destination as it is stored, after the checks that need no database.
 * @throws AppError VALIDATION_ERROR naming `path`
 */
export function destinationOf(path: string, text: string): Destination {
  const destination = parseDestination(text);
  if ("problem" in destination) throw invalid(path, `${path.slice(1)} ${destination.problem}`);
  return destination;
}

/** A destination on a host that serves short links here would go round in circles. */
export async function refuseLoop(
  tx: Pick<Tx, "known">,
  ctx: Context,
  path: string,
  { href, host }: Destination,
): Promise<void> {
  // This machine has other servers than ours: among its names the port decides.
  const own = isLoopbackHost(host)
    ? originOf(href).port === ownPort(ctx)
    : (await tx.known(domainOfHost, { host })).some((domain) => isTrusted(domain, ctx.config));
  if (own)
    throw invalid(
      path,
      `${path.slice(1)} lies on a host that serves short links here: it would go round in circles`,
    );
}

const domainOfHost: Build<Pick<DomainRow, "workspaceId" | "verifiedAt">> = (queries, { domains }) =>
  queries
    .select({ workspaceId: domains.workspaceId, verifiedAt: domains.verifiedAt })
    .from(domains)
    .where(eq(domains.host, sql.placeholder("host")))
    .limit(1);

/** The port we answer on, as a browser would write it. */
const ownPort = (ctx: Context): string =>
  originOf(ctx.baseUrl() ?? `http://localhost:${ctx.config.WAYPOST_PORT}`).port;

/** What an index can hold of a URL: half a SHA-256, hex. */
export const destinationHash = (href: string): string => hashOf(href).slice(0, 32);
