import { eq, isNull } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import { baseUrlChanged } from "./events.ts";
import { hostOfBase } from "./setup.ts";

/** The operator has moved the installation to another host: its own domain, and the links on it, move along. */
export const moveBaseUrl = (ctx: Context, baseUrl: string): Promise<void> =>
  change(ctx, async (tx) => {
    const { installation, domains } = ctx.db.tables;
    await tx.update(installation).set({ baseUrl }).where(eq(installation.id, 1));
    const host = hostOfBase(baseUrl);
    await tx.update(domains).set({ host, updatedAt: tx.now }).where(isNull(domains.workspaceId));
    tx.record(baseUrlChanged, "installation", { baseUrl }, null);
  });
