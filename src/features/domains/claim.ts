import { and, eq, isNull } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { DnsError } from "../../lib/outbound/records.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, withPrevious } from "../../platform/events.ts";
import { hostUnproved } from "./errors.ts";
import { domainReleased } from "./events.ts";
import { type DomainRow, toDomain } from "./model.ts";
import { isOwned, ownershipRecord } from "./verification.ts";

/**
 * The domain of another workspace that holds this host without ever having shown that it is theirs, when DNS says it is
 * ours; null when nobody is in the way, or whoever is has shown it.
 * @throws AppError CONFLICT telling the record that would decide, when it is not there
 */
export async function rivalOf(ctx: Context, host: string): Promise<Id<"dom"> | null> {
  const { domains } = ctx.db.tables;
  const [rival] = await ctx.db.read
    .select({ id: domains.id, workspaceId: domains.workspaceId })
    .from(domains)
    .where(and(eq(domains.host, host), isNull(domains.verifiedAt)))
    .limit(1);
  const own = workspaceOf(ctx);
  if (!rival || rival.workspaceId === null || rival.workspaceId === own) return null;
  const isOurs = await isOwned(ctx, own, host).catch((error: unknown) => {
    if (error instanceof DnsError) return false;
    throw error;
  });
  if (!isOurs) throw hostUnproved(ownershipRecord(own, host));
  return rival.id;
}

/**
 * Takes the host from a domain that was not verified in the meantime. Its links stay, under a name that leads nowhere
 * (RFC 2606), so that they can be looked at, and moved.
 */
export async function releaseHost(tx: Change, ctx: Context, id: Id<"dom">): Promise<void> {
  const { domains, workspaces } = ctx.db.tables;
  const [before] = await tx
    .select()
    .from(domains)
    .where(and(eq(domains.id, id), isNull(domains.verifiedAt)))
    .limit(1);
  if (!before) return;
  const host = `${id.replace("_", "-")}.invalid`;
  const after: DomainRow = { ...before, host, archivedAt: before.archivedAt ?? tx.now, updatedAt: tx.now };
  await tx.update(domains).set(after).where(eq(domains.id, id));
  await tx.update(workspaces).set({ defaultDomainId: null }).where(eq(workspaces.defaultDomainId, id));
  const told = withPrevious(toDomain(before, null), toDomain(after, null));
  tx.record(domainReleased, id, told, before.workspaceId);
}
