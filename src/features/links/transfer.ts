import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import { type Id, isId, newId } from "../../lib/ids.ts";
import { foldSlug } from "../../lib/slug.ts";
import { personOf } from "../../platform/callers.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import type { Permission } from "../../platform/permissions.ts";
import { findDomain, refuseArchived } from "../domains/find.ts";
import type { DomainRow } from "../domains/model.ts";
import { takeTags } from "../tags/take.ts";
import { permissionsIn } from "../workspaces/memberships.ts";
import { externalIdTaken, inTrash, slugTaken } from "./errors.ts";
import { linkCreated, linkTransferred } from "./events.ts";
import { findLinkToChange, type LinkName } from "./find.ts";
import { type Link, type LinkRow, type LinkTransfer, withTotals } from "./model.ts";
import { coreOf, deleteLinkRow, insertLink } from "./store.ts";
import { checkVersion } from "./version.ts";
import { searchText } from "./words.ts";

/**
 * Gives a link to another workspace, in which the person may make links too. There it is a link of its own, with a new
 * id: the same slug, destination and settings, counted from nothing. What was counted before stays where it was
 * counted, and so do folder, campaign and comments. A click store that let one link's clicks lie in two workspaces could
 * forget neither whole.
 */
export async function transferLink(
  ctx: Context,
  name: LinkName,
  { workspaceId, domain }: LinkTransfer,
  ifMatch: string | null,
): Promise<Link> {
  // Whoever does not find the link is told nothing of the other workspace.
  const { row: before } = await findLinkToChange(ctx.db.read, ctx, name);
  const there = await contextThere(ctx, workspaceId, ["links:create"]);
  try {
    return await change(ctx, async (tx) => {
      const found = await findLinkToChange(tx, ctx, { link: before.id });
      checkVersion(found.row, ifMatch);
      if (found.row.deletedAt !== null) throw inTrash();
      const target = await domainThere(tx, there, found.row.domainId, domain);
      refuseArchived(target);
      return giveLink(tx, ctx, there, found, target);
    });
  } catch (error) {
    const broken = uniqueViolation(error);
    if (broken === "links_slug") throw slugTaken(before.slug, error);
    throw broken === "links_external_id" ? externalIdTaken(error) : error;
  }
}

/** The link becomes one of the other workspace, on one of its domains. Both are told. */
export async function giveLink(
  tx: Change,
  ctx: Context,
  there: Context,
  found: { readonly row: LinkRow; readonly host: string },
  target: Pick<DomainRow, "id" | "host" | "caseSensitive">,
): Promise<Link> {
  const tags = await takeTags(tx, there, found.row.tags);
  const row = movedRow(found.row, tx.now, {
    tags: tags.map(({ name }) => name),
    tagIds: tags.map(({ id }) => id),
    workspaceId: workspaceOf(there),
    domainId: target.id,
    slugKey: foldSlug(found.row.slug, target.caseSensitive),
    createdBy: ctx.actor.id,
  });
  await deleteLinkRow(tx, ctx, found.row.id);
  await insertLink(tx, there, row);
  const gone = { ...coreOf(ctx, found), toWorkspaceId: row.workspaceId, toLinkId: row.id };
  tx.record(linkTransferred, found.row.id, gone);
  const core = coreOf(there, { row, host: target.host });
  tx.record(linkCreated, row.id, core, row.workspaceId);
  return withTotals(core, null);
}

type Place = Pick<LinkRow, "workspaceId" | "domainId" | "slugKey" | "createdBy" | "tags" | "tagIds">;

/** Tags are those of the other workspace that are called the same. */
const movedRow = (before: LinkRow, now: number, place: Place): LinkRow => {
  const row = {
    ...before,
    ...place,
    id: newId("link", now),
    folderId: null,
    campaignId: null,
    version: 1,
    updatedAt: now,
  };
  return { ...row, searchText: searchText(row) };
};

/** The same person in the other workspace. A key has no business there. */
export async function contextThere(
  ctx: Context,
  workspaceId: string,
  needed: readonly Permission[],
): Promise<Context> {
  const person = personOf(ctx);
  if (workspaceId === ctx.actor.workspaceId)
    throw invalid("/workspaceId", "workspaceId is where it is already");
  const granted = isId("ws", workspaceId) ? await permissionsIn(ctx.db, person, workspaceId) : null;
  if (granted === null || ctx.actor.application !== null)
    throw invalid("/workspaceId", "workspaceId is no workspace of yours");
  const lacking = needed.find((one) => !granted.has(one));
  if (lacking)
    throw new AppError("FORBIDDEN", "You may not do this in the other workspace.", {
      details: [{ path: "/workspaceId", message: `${lacking} is needed there` }],
    });
  return { ...ctx, actor: { ...ctx.actor, workspaceId: workspaceId as Id<"ws">, permissions: granted } };
}

/** The domain that was named, or the one the link is on, if the other workspace may use it. */
function domainThere(tx: Change, there: Context, own: string, named: string | undefined) {
  return findDomain(tx, there, named ?? own).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw invalid(
      "/domain",
      named === undefined
        ? "the link's domain stays behind: name one that the other workspace may use"
        : "domain is not one of the other workspace",
    );
  });
}
