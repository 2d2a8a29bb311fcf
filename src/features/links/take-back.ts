import { openBreath } from "../../lib/breath.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, withPrevious } from "../../platform/events.ts";
import { moveFound, moves } from "./archive.ts";
import { linkUpdated } from "./events.ts";
import type { LinkRow } from "./model.ts";
import { coreOf, type Found, selectMany, updateLinkRow } from "./store.ts";

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
  const found = await selectMany(tx, ctx, { ids: some.map(({ linkId }) => linkId) });
  const byId = new Map(found.map((one) => [one.row.id, one]));
  let changed = false;
  for (const { linkId, before } of some) {
    await breathe();
    const link = byId.get(linkId);
    if (!link) continue;
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
  const same: LinkRow = { ...(JSON.parse(before) as LinkRow), version, updatedAt };
  if (Bun.deepEquals(same, found.row)) return false;
  const row: LinkRow = { ...same, version: version + 1, updatedAt: tx.now };
  await updateLinkRow(tx, ctx, row, true);
  tx.record(linkUpdated, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
  return true;
}
