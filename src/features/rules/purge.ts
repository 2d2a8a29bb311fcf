import { eq } from "drizzle-orm";
import type { PurgeStep } from "../workspaces/purge.ts";

/** Rules of links go with their links; those of campaigns have nobody else. */
export const purgeRules: PurgeStep = (ctx, workspaceId) =>
  ctx.db.transaction(async (tx) => {
    const { rules, splits, ruleSets } = ctx.db.tables;
    await tx.delete(splits).where(eq(splits.workspaceId, workspaceId));
    await tx.delete(rules).where(eq(rules.workspaceId, workspaceId));
    await tx.delete(ruleSets).where(eq(ruleSets.workspaceId, workspaceId));
  });
