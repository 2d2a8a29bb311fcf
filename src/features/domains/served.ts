import { eq } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { hostOf } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import type { DomainRow } from "./model.ts";

/**
 * Whether links are served on the domain as far as it is known whose it is. The installation's own host always is;
 * others before they are verified only where the operator does not insist on it.
 */
export const isTrusted = (
  { workspaceId, verifiedAt }: Pick<DomainRow, "workspaceId" | "verifiedAt">,
  { WAYPOST_DOMAINS_VERIFY: insists }: Pick<Context["config"], "WAYPOST_DOMAINS_VERIFY">,
): boolean => workspaceId === null || !insists || verifiedAt !== null;

/** For servers in front of us that get certificates on demand. @throws AppError NOT_FOUND for hosts that are not served */
export async function askServed(ctx: Context, text: string): Promise<{ host: string }> {
  const host = hostOf(text);
  if (host === null) throw notFound("domain");
  const { domains, workspaces } = ctx.db.tables;
  const [row] = await ctx.db.read
    .select({
      workspaceId: domains.workspaceId,
      verifiedAt: domains.verifiedAt,
      deletedAt: workspaces.deletedAt,
    })
    .from(domains)
    .leftJoin(workspaces, eq(workspaces.id, domains.workspaceId))
    .where(eq(domains.host, host))
    .limit(1);
  if (!row || row.deletedAt !== null || !isTrusted(row, ctx.config)) throw notFound("domain");
  return { host };
}
