import { invalid, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { findLink, type LinkName } from "../links/find.ts";
import { touchLink } from "../links/touch.ts";
import type { NewRuleAnywhere, Place, RuleRow } from "./model.ts";
import type { Reader } from "./store.ts";

/** What rules hang on. */
export interface Home {
  readonly parentId: Id<"link"> | Id<"camp">;
  readonly linkId: Id<"link"> | null;
  readonly place: Place;
}

/** The link, to be read. @throws AppError NOT_FOUND */
export async function homeOfLink(read: Reader, ctx: Context, name: LinkName): Promise<Home> {
  const { row } = await findLink(read, ctx, name);
  return { parentId: row.id, linkId: row.id, place: row };
}

/** The link, whose rules are about to change: that is an edit of the link. */
export async function homeToChange(tx: Change, ctx: Context, name: LinkName): Promise<Home> {
  const row = await touchLink(tx, ctx, name);
  return { parentId: row.id, linkId: row.id, place: row };
}

export async function homeOfRule(tx: Change, ctx: Context, rule: RuleRow): Promise<Home> {
  if (rule.linkId !== null) return homeToChange(tx, ctx, { link: rule.linkId });
  return { parentId: rule.parentId, linkId: null, place: null };
}

/** What a new rule names as its parent. */
export function parentNamed({
  linkId,
  campaignId,
}: Pick<NewRuleAnywhere, "linkId" | "campaignId">): LinkName {
  if (linkId !== undefined && campaignId !== undefined)
    throw invalid("/campaignId", "a rule hangs on a link or on a campaign, not on both");
  // Campaigns are not there yet, so none is found.
  if (campaignId !== undefined) throw notFound("campaign");
  if (linkId === undefined) throw invalid("/linkId", "linkId is required");
  return { link: linkId };
}
