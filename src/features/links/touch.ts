import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { inTrash } from "./errors.ts";
import { findLink, type LinkName } from "./find.ts";
import type { LinkRow } from "./model.ts";
import { updateLinkRow } from "./store.ts";

/**
 * Counts an edit of what hangs on the link: its version is one more, so that a page that has not seen it cannot undo it,
 * and clicks tell before from after. Links in the trash are not edited.
 */
export async function touchLink(tx: Change, ctx: Context, name: LinkName): Promise<LinkRow> {
  const { row } = await findLink(tx, ctx, name);
  if (row.deletedAt !== null) throw inTrash();
  const touched = { ...row, version: row.version + 1, updatedAt: tx.now };
  await updateLinkRow(tx, ctx, touched, false);
  return touched;
}
