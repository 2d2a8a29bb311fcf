import { and, inArray } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { reachOf } from "../folders/access.ts";
import { mine } from "./store.ts";

/** A question about all links but more than these would be slower than nobody's patience. */
const HIDDEN_MAX = 20_000;

/**
 * The links that stand in folders which are closed to the caller.
 * @throws AppError FORBIDDEN when they are too many to be left out of a question about all
 */
export async function hiddenLinks(ctx: Context): Promise<string[]> {
  const { hidden } = await reachOf(ctx.db.read, ctx);
  if (hidden.size === 0) return [];
  const { links } = ctx.db.tables;
  const rows = await ctx.db.read
    .select({ id: links.id })
    .from(links)
    .where(and(mine(ctx), inArray(links.folderId, [...hidden] as Id<"fold">[])))
    .limit(HIDDEN_MAX + 1);
  if (rows.length > HIDDEN_MAX)
    throw new AppError(
      "FORBIDDEN",
      "Too much of this workspace is closed to you to be left out of its numbers. Ask link by link.",
    );
  return rows.map(({ id }) => id);
}
