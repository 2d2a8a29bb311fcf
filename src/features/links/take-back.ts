import { openBreath } from "../../lib/breath.ts";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, withPrevious } from "../../platform/events.ts";
import { campaignFor } from "../campaigns/campaigns.ts";
import { reachOf } from "../folders/access.ts";
import { folderFor } from "../folders/folders.ts";
import { takeTags } from "../tags/take.ts";
import { moveFound, moves } from "./archive.ts";
import { visible } from "./conditions.ts";
import { linkUpdated } from "./events.ts";
import { selectMany } from "./many-store.ts";
import type { LinkRow } from "./model.ts";
import { coreOf, type Found, updateLinkRow } from "./store.ts";
import { searchText } from "./words.ts";

/**
 * Takes back up to a thousand makings and changes: what was made goes to the trash, and what was changed is as `before` (a
 * row as JSON) says, as a further edit. Answers whether anything was otherwise.
 */
export async function takeBackLinks(
  tx: Change,
  ctx: Context,
  some: readonly { readonly linkId: Id<"link">; readonly before: string | null }[],
): Promise<boolean> {
  const breathe = openBreath();
  const reach = await reachOf(tx, ctx);
  const found = await selectMany(tx, ctx, { ids: some.map(({ linkId }) => linkId) }, visible(ctx, reach));
  const byId = new Map(found.map((one) => [one.row.id, one]));
  let changed = false;
  for (const { linkId, before } of some) {
    await breathe();
    const link = byId.get(linkId);
    if (!link || reach.fixed.has(link.row.folderId ?? "")) continue;
    const isOther =
      before === null
        ? (await moveFound(tx, ctx, link, moves.delete)) !== null
        : await restored(tx, ctx, link, before);
    changed ||= isOther;
  }
  return changed;
}

async function restored(tx: Change, ctx: Context, found: Found, before: string): Promise<boolean> {
  const { version, updatedAt } = found.row;
  const then = JSON.parse(before) as LinkRow;
  const taken = await takeTags(tx, ctx, then.tags);
  const tags = { tags: taken.map(({ name }) => name), tagIds: taken.map(({ id }) => id) };
  const same: LinkRow = { ...then, ...tags, ...(await placeThen(tx, ctx, found, then)), version, updatedAt };
  if (Bun.deepEquals(same, found.row)) return false;
  const row: LinkRow = { ...same, searchText: searchText(same), version: version + 1, updatedAt: tx.now };
  await updateLinkRow(tx, ctx, row, true);
  tx.record(linkUpdated, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
  return true;
}

/** Where it stood, or stands where that is no more. */
async function placeThen(tx: Change, ctx: Context, { row }: Found, then: LinkRow) {
  const orNow =
    <T>(now: T) =>
    (error: unknown) => {
      if (error instanceof AppError) return now;
      throw error;
    };
  return {
    folderId: await folderFor(tx, ctx, then.folderId).catch(orNow(row.folderId)),
    campaignId: await campaignFor(tx, ctx, then.campaignId).catch(orNow(row.campaignId)),
  };
}
