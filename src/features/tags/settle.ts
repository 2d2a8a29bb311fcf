import { and, eq, inArray, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type TagRow, tagNamed } from "./model.ts";
import { selectLinksWith, selectOtherWithKey, selectUnsettled } from "./store.ts";

/** Few, because SQLite runs on the main thread and redirects wait behind it. */
const AT_ONCE = 200;

/**
 * Takes a tag that is going away off its links, or gives them the one it was merged into, and ends its row. Nobody's
 * change: people have made theirs, and see it already.
 */
export async function settleTag(ctx: Context, tagId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const left = await ctx.db.transaction((tx) => settleSome(tx, ctx, tagId as Id<"tag">));
    if (!left) return;
    // Redirects go between.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Answers whether there may be more. */
async function settleSome(tx: Tx, ctx: Context, tagId: Id<"tag">): Promise<boolean> {
  const { tags, links, linkTags } = ctx.db.tables;
  const [tag] = await tx.select().from(tags).where(eq(tags.id, tagId)).limit(1);
  if (!tag || tag.goneAt === null) return false;
  const rows = await selectLinksWith(tx, ctx, tagId, AT_ONCE);
  if (rows.length === 0) {
    await tx.delete(tags).where(eq(tags.id, tagId));
    return false;
  }
  const into = tag.mergedInto;
  const ids = rows.map(({ linkId }) => linkId);
  if (into !== null)
    await tx
      .insert(linkTags)
      .values(rows.map((row) => ({ ...row, tagId: into })))
      .onConflictDoNothing();
  await tx.delete(linkTags).where(and(eq(linkTags.tagId, tagId), inArray(linkTags.linkId, ids)));
  const after = into === null ? "" : ` ${into}`;
  await tx
    .update(links)
    .set({ searchText: sql`replace(${links.searchText}, ${` ${tagId}`}, ${after})` })
    .where(inArray(links.id, ids));
  return true;
}

/** All that is left, of every workspace. */
export async function settleAll(ctx: Context, signal: AbortSignal): Promise<void> {
  for (;;) {
    const rows = await selectUnsettled(ctx, AT_ONCE);
    for (const row of rows) {
      signal.throwIfAborted();
      if (row.goneAt === null) await ctx.db.transaction((tx) => fold(tx, ctx, row));
      else await settleTag(ctx, row.id, signal);
    }
    if (rows.length < AT_ONCE) return;
  }
}

/** SQLite folds the letters of ASCII alone: a tag it has made is given the key it should have, or merged. */
async function fold(tx: Tx, ctx: Context, row: TagRow): Promise<void> {
  const { tags } = ctx.db.tables;
  const { nameKey } = tagNamed(row.name);
  const other = await selectOtherWithKey(tx, ctx, row, nameKey);
  const settled = other
    ? { mergedInto: other.id, nameKey: row.id, goneAt: tx.now }
    : { nameKey, createdBy: "system" };
  await tx.update(tags).set(settled).where(eq(tags.id, row.id));
  if (other) await tx.update(tags).set({ mergedInto: other.id }).where(eq(tags.mergedInto, row.id));
}
