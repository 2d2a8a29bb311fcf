import { readdir } from "node:fs/promises";
import { and, eq, lte } from "drizzle-orm";
import { isId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { removeFile, transferFolder } from "./folder.ts";

/** How long it is told that an export has expired, before it is as if it had never been. */
const TOLD_MS = 30 * 86_400_000;

/** Destroys files of exports whose time is over, and those that belong to nobody any more. */
export async function sweepExports(ctx: Context): Promise<void> {
  const { exports } = ctx.db.tables;
  const now = ctx.clock.now();
  const due = and(eq(exports.state, "completed"), lte(exports.expiresAt, now));
  for (const { id } of await ctx.db.read.select({ id: exports.id }).from(exports).where(due))
    await removeFile(ctx, id);
  await ctx.db.transaction(async (tx) => {
    await tx.update(exports).set({ state: "expired" }).where(due);
    await tx.delete(exports).where(lte(exports.expiresAt, now - TOLD_MS));
  });
  for (const name of await readdir(transferFolder(ctx))) {
    const id = name.replace(/\.part$/, "");
    if (isId("exp", id) && !(await isKept(ctx, id))) await removeFile(ctx, name);
  }
}

async function isKept(ctx: Context, id: `exp_${string}`): Promise<boolean> {
  const { exports } = ctx.db.tables;
  const found = await ctx.db.read.select({ id: exports.id }).from(exports).where(eq(exports.id, id)).limit(1);
  return found.length > 0;
}
