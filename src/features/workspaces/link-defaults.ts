import { eq, sql } from "drizzle-orm";
import type { Build, Tx } from "../../db/database.ts";
import type { LinkDefaults } from "../../db/schema/workspaces.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";

const defaultsOf: Build<{ linkDefaults: LinkDefaults }> = (queries, { workspaces }) =>
  queries
    .select({ linkDefaults: workspaces.linkDefaults })
    .from(workspaces)
    .where(eq(workspaces.id, sql.placeholder("id")))
    .limit(1);

/** What a new link of the caller's workspace has when nothing is said. */
export async function linkDefaultsOf(tx: Pick<Tx, "known">, ctx: Context) {
  const [row] = await tx.known(defaultsOf, { id: workspaceOf(ctx) });
  const { redirectStatus, forwardQuery } = row?.linkDefaults ?? {};
  return { redirectStatus: redirectStatus ?? 302, forwardQuery: forwardQuery ?? true };
}
