import { eq } from "drizzle-orm";
import { change, Unchanged } from "../../platform/events.ts";
import type { PurgeStep } from "../workspaces/purge.ts";
import { domainDeleted } from "./events.ts";
import { toDomain } from "./model.ts";

/** Each host is told of: whoever remembers which hosts are ours must forget it, and it may be taken by others. */
export const purgeDomains: PurgeStep = (ctx, workspaceId) =>
  change(ctx, async (tx) => {
    const { domains, workspaces } = ctx.db.tables;
    const rows = await tx.select().from(domains).where(eq(domains.workspaceId, workspaceId));
    if (rows.length === 0) throw new Unchanged(undefined);
    await tx.update(workspaces).set({ defaultDomainId: null }).where(eq(workspaces.id, workspaceId));
    await tx.delete(domains).where(eq(domains.workspaceId, workspaceId));
    for (const row of rows) tx.record(domainDeleted, row.id, toDomain(row, null), workspaceId);
  });
