import { isUniqueViolation } from "../../db/errors.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import { AlreadyThere } from "../../platform/once.ts";
import { destinationHash, destinationOf } from "../domains/destination.ts";
import { assertMayChange, reachOf } from "../folders/access.ts";
import { visible } from "./conditions.ts";
import { addLink, campaignAfter, domainFor, drawing, withTemplate } from "./create.ts";
import { findLinkToChange } from "./find.ts";
import { passwordHashOf } from "./lock.ts";
import type { Link, UpsertLink } from "./model.ts";
import { type Found, linkOf, selectByDestination } from "./store.ts";
import { updateFound } from "./update.ts";

type Done = { readonly made: boolean; readonly link: Link };

/**
 * Makes the link, or changes the one that is there to be as the body says; what the body leaves out stays. It is found by
 * its external id when the body has one, else it is the newest in use with the destination on the domain.
 * @throws AlreadyThere with the link that was there
 */
export async function upsertLink(ctx: Context, { matchBy, ...input }: UpsertLink): Promise<Link> {
  const by = matchBy ?? (input.externalId ? "externalId" : "destinationUrl");
  if (by === "externalId" && !input.externalId)
    throw invalid("/externalId", "externalId is what it is found by");
  if (by === "destinationUrl" && input.destinationUrl === null)
    throw invalid("/destinationUrl", "destinationUrl is what it is found by");
  const passwordHash = await passwordHashOf(ctx, input.password);
  const work = async (tx: Change): Promise<Done> => {
    const found = await findBy(tx, ctx, by, input);
    if (!found) return { made: true, link: await addLink(tx, ctx, input, passwordHash) };
    if (!ctx.actor.permissions.has("links:update"))
      throw new AppError(
        "FORBIDDEN",
        "The link is there, and to change it needs the permission links:update.",
      );
    const { domain, findExisting: _, ...patch } = input;
    if (domain !== undefined && (await domainFor(tx, ctx, domain)).id !== found.row.domainId)
      throw invalid("/domain", "the link with this externalId is on another domain");
    const filled = await withTemplate(tx, ctx, patch, campaignAfter(found, patch));
    const link = await updateFound(tx, ctx, found, filled, passwordHash);
    if (link === null) throw new Unchanged<Done>({ made: false, link: linkOf(ctx, found) });
    return { made: false, link };
  };
  const { made, link } = await drawing(input, () => withBoth(() => change(ctx, work)));
  if (!made) throw new AlreadyThere(link);
  return link;
}

/** Who was beaten to the external id finds it when it looks again. */
async function withBoth(run: () => Promise<Done>): Promise<Done> {
  try {
    return await run();
  } catch (error) {
    if (!isUniqueViolation(error, "links_external_id")) throw error;
    return run();
  }
}

async function findBy(
  tx: Change,
  ctx: Context,
  by: "externalId" | "destinationUrl",
  { domain, externalId, destinationUrl }: Omit<UpsertLink, "matchBy">,
): Promise<Found | undefined> {
  if (by === "externalId")
    return findLinkToChange(tx, ctx, { link: `ext_${externalId}` }).catch((error: unknown) => {
      // In a closed folder it is not there either, and the index refuses its external id.
      if (error instanceof AppError && error.code === "NOT_FOUND") return undefined;
      throw error;
    });
  const { id } = await domainFor(tx, ctx, domain);
  const { href } = destinationOf("/destinationUrl", destinationUrl!);
  const reach = await reachOf(tx, ctx);
  const found = await selectByDestination(tx, ctx, id, destinationHash(href), visible(ctx, reach));
  if (found) assertMayChange(reach, found.row.folderId);
  return found;
}
