import { eq, isNull } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change, withPrevious } from "../../platform/events.ts";
import { baseUrlChanged } from "./events.ts";
import { hostOfBase } from "./setup.ts";

/**
 * The operator has moved the installation to another host: its own domain, and the links on it, move along.
 * @throws AppError CONFLICT when the host is a workspace's domain
 */
export async function moveBaseUrl(ctx: Context, baseUrl: string): Promise<void> {
  const host = hostOfBase(baseUrl);
  try {
    await change(ctx, async (tx) => {
      const { installation, domains } = ctx.db.tables;
      const [before] = await tx.select().from(installation).limit(1);
      await tx.update(installation).set({ baseUrl }).where(eq(installation.id, 1));
      await tx.update(domains).set({ host, updatedAt: tx.now }).where(isNull(domains.workspaceId));
      const old: { baseUrl: string | null } = { baseUrl: before?.baseUrl ?? null };
      tx.record(baseUrlChanged, "installation", withPrevious(old, { baseUrl }), null);
    });
  } catch (error) {
    throw uniqueViolation(error) === "domains_host" ? hostInUse(host, error) : error;
  }
}

const hostInUse = (host: string, cause: unknown) =>
  new AppError(
    "CONFLICT",
    `WAYPOST_BASE_URL cannot be on ${host}: a workspace has it as its domain. Start with the base URL that was set before and remove that domain, or choose another WAYPOST_BASE_URL.`,
    { cause },
  );
