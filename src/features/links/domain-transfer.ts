import { and, eq, ne } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { refuseLive } from "../domains/domains.ts";
import { sharedDomain } from "../domains/errors.ts";
import { findDomain } from "../domains/find.ts";
import { giveDomain } from "../domains/give.ts";
import type { Domain, DomainRow, DomainTransfer } from "../domains/model.ts";
import { externalIdTaken } from "./errors.ts";
import type { LinkRow } from "./model.ts";
import { mine, selectLinks } from "./store.ts";
import { contextThere, giveLink } from "./transfer.ts";

/** All in one change, which others wait for. */
const LINKS_MAX = 1000;

/**
 * Gives a domain to another workspace, in which the person may add domains and make links, with all links on it, the
 * trash included. Each of them is given as by `transferLink`: there it is a link of its own, counted from nothing.
 * What was shown of whose the host is stays shown.
 */
export async function transferDomain(
  ctx: Context,
  idOrHost: string,
  { workspaceId }: DomainTransfer,
): Promise<Domain> {
  const { id } = await findDomain(ctx.db.read, ctx, idOrHost);
  const there = await contextThere(ctx, workspaceId, ["domains:create", "links:create"]);
  await refuseTestSide(there);
  try {
    return await change(ctx, async (tx) => {
      const before = await findDomain(tx, ctx, id);
      refuseLive(ctx, before);
      if (before.workspaceId === null) throw sharedDomain();
      const links = await linksToGive(tx, ctx, before);
      const domain = await giveDomain(tx, ctx, there, before, links.length);
      for (const row of links) await giveLink(tx, ctx, there, { row, host: before.host }, before);
      return domain;
    });
  } catch (error) {
    throw uniqueViolation(error) === "links_external_id" ? externalIdTaken(error) : error;
  }
}

async function linksToGive(tx: Change, ctx: Context, { id }: DomainRow): Promise<LinkRow[]> {
  const { links } = ctx.db.tables;
  const foreign = and(eq(links.domainId, id), ne(links.workspaceId, workspaceOf(ctx)));
  const [others] = await tx.select({ id: links.id }).from(links).where(foreign).limit(1);
  if (others) throw new AppError("CONFLICT", "There are test links on the domain: destroy them first.");
  const found = await selectLinks(tx, ctx)
    .where(and(mine(ctx), eq(links.domainId, id)))
    .orderBy(links.id)
    .limit(LINKS_MAX + 1);
  const rows = found.map(({ row }) => row);
  if (rows.length > LINKS_MAX)
    throw new AppError(
      "CONFLICT",
      `More than ${LINKS_MAX} links are on the domain, the trash included: transfer or destroy some first.`,
    );
  if (rows.length > 0 && !ctx.actor.permissions.has("links:delete"))
    throw new AppError("FORBIDDEN", "There are links on the domain, and you may not give them away.", {
      details: [{ path: "/workspaceId", message: "links:delete is needed here" }],
    });
  return rows;
}

/** A test side has no hosts that strangers ask for. */
async function refuseTestSide(there: Context): Promise<void> {
  const { workspaces } = there.db.tables;
  const [row] = await there.db.read
    .select({ testOf: workspaces.testOf })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceOf(there)))
    .limit(1);
  if (row?.testOf) throw invalid("/workspaceId", "workspaceId is the test side of a workspace");
}
