import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { canonicalSlug, foldSlug, randomSlug, slugProblem } from "../../lib/slug.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { AlreadyThere } from "../../platform/once.ts";
import { momentOf } from "../../platform/schema.ts";
import { campaignFor, findCampaign } from "../campaigns/campaigns.ts";
import { destinationHash, destinationOf, refuseLoop } from "../domains/destination.ts";
import { findDefaultDomain, findDomain, refuseArchived } from "../domains/find.ts";
import type { DomainRow } from "../domains/model.ts";
import { reachOf } from "../folders/access.ts";
import { folderFor } from "../folders/folders.ts";
import { type Taken, takeTags } from "../tags/take.ts";
import { utmFrom } from "../utm/fill.ts";
import { linkDefaultsOf } from "../workspaces/link-defaults.ts";
import { visible } from "./conditions.ts";
import { checkCost } from "./cost.ts";
import { endsOf } from "./ends.ts";
import { externalIdTaken, slugTaken } from "./errors.ts";
import { linkCreated } from "./events.ts";
import { passwordHashOf } from "./lock.ts";
import { type Link, type LinkRow, type NewLink, withTotals } from "./model.ts";
import { optionsAfter, optionsOf } from "./options.ts";
import { coreOf, type Found, insertLink, linkOf, type Reader, selectByDestination } from "./store.ts";
import { utmOf } from "./utm.ts";
import { searchText } from "./words.ts";

/** Of 31^8 slugs the first is all but always free; a crowded short length may need a few more. */
const RANDOM_TRIES = 8;

/**
 * Makes a link. Without a slug it gets a random one of the domain's length.
 * @throws AlreadyThere with `findExisting`, when another call has made it in between
 */
export async function createLink(ctx: Context, input: NewLink): Promise<Link> {
  const passwordHash = await passwordHashOf(ctx, input.password);
  return drawing(input, () => change(ctx, (tx) => addLink(tx, ctx, input, passwordHash)));
}

/** Runs what makes a link, again when chance gave it a slug in use, and says what stands in its way. */
export async function drawing<T>(input: NewLink, make: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make();
    } catch (error) {
      refuseTaken(error, input, attempt);
    }
  }
}

/** Another try may find a free slug, or the tag that somebody else was first to make. All else is thrown. */
function refuseTaken(error: unknown, { slug }: NewLink, attempt: number): void {
  const broken = uniqueViolation(error);
  if (broken === "links_external_id") throw externalIdTaken(error);
  if (broken !== "links_slug" && broken !== "tags_name") throw error;
  if (broken === "links_slug" && slug !== undefined) throw slugTaken(slug, error);
  if (attempt === RANDOM_TRIES)
    throw new AppError("CONFLICT", "No free random slug was found: raise slugLength of the domain.", {
      cause: error,
    });
}

/** The newest link in use with this destination, for `findExisting`; null when one must be made. */
export async function findExisting(ctx: Context, input: NewLink): Promise<Link | null> {
  const { read } = ctx.db;
  const { id } = await domainFor(read, ctx, input.domain);
  if (input.destinationUrl === null) return null;
  const { href } = destinationOf("/destinationUrl", input.destinationUrl);
  const seen = visible(ctx, await reachOf(read, ctx));
  const found = await selectByDestination(read, ctx, id, destinationHash(href), seen);
  return found ? linkOf(ctx, found) : null;
}

/** Makes a link in a change, which the unique indexes may refuse. */
export async function addLink(
  tx: Change,
  ctx: Context,
  input: NewLink,
  passwordHash: string | null | undefined,
): Promise<Link> {
  const domain = await domainFor(tx, ctx, input.domain);
  refuseArchived(domain);
  const row = {
    ...(await rowOf(tx, ctx, domain, input, await tiesOf(tx, ctx, input))),
    passwordHash: passwordHash ?? null,
  };
  // Looked for once more where nobody else can come in between.
  const same =
    input.findExisting && row.destinationHash !== ""
      ? await selectByDestination(
          tx,
          ctx,
          domain.id,
          row.destinationHash,
          visible(ctx, await reachOf(tx, ctx)),
        )
      : undefined;
  if (same) throw new AlreadyThere(linkOf(ctx, same));
  await insertLink(tx, ctx, row);
  const core = coreOf(ctx, { row, host: domain.host });
  tx.record(linkCreated, row.id, core);
  return withTotals(core, null);
}

/** The domain a body names, or the default. @throws AppError VALIDATION_ERROR */
export async function domainFor(read: Reader, ctx: Context, named: string | undefined): Promise<DomainRow> {
  if (named === undefined) return findDefaultDomain(read, ctx);
  return findDomain(read, ctx, named).catch((error: unknown) => {
    if (error instanceof AppError) throw invalid("/domain", "domain is not one of this workspace");
    throw error;
  });
}

/** What a transaction knows of what is the same for many links. */
export type Known = Pick<Change, "known" | "now" | "select">;

/** What a new link hangs on, found and allowed. */
export interface Ties {
  readonly tags: readonly Taken[];
  readonly folderId: LinkRow["folderId"];
  readonly campaignId: LinkRow["campaignId"];
}

export const tiesOf = async (tx: Change, ctx: Context, input: NewLink): Promise<Ties> => ({
  tags: await takeTags(tx, ctx, input.tags ?? []),
  folderId: await folderFor(tx, ctx, input.folderId ?? null),
  campaignId: await campaignFor(tx, ctx, input.campaignId ?? null),
});

/** A new link as it is stored, without its password. */
export async function rowOf(
  tx: Known,
  ctx: Context,
  domain: DomainRow,
  input: NewLink,
  { tags, folderId, campaignId }: Ties,
): Promise<LinkRow> {
  const destination = await destinationFor(tx, ctx, input.destinationUrl);
  const defaults = await linkDefaultsOf(tx, ctx);
  const { expiresAt, clicksLimit, expiresAfterSeconds } = endsOf({ createdAt: tx.now }, input);
  const slug =
    input.slug === undefined
      ? randomSlug(domain.slugLength, domain.slugAlphabet ?? undefined)
      : chosenSlug(input.slug);
  const row = {
    id: newId("link", tx.now),
    workspaceId: workspaceOf(ctx),
    domainId: domain.id,
    slug,
    slugKey: foldSlug(slug, domain.caseSensitive),
    ...destination,
    title: input.title ?? null,
    description: input.description ?? null,
    tags: tags.map(({ name }) => name),
    tagIds: tags.map(({ id }) => id),
    externalId: input.externalId ?? null,
    redirectStatus: input.redirectStatus ?? defaults.redirectStatus,
    forwardQuery: input.forwardQuery ?? defaults.forwardQuery,
    expiresAt,
    expiredUrl: await expiredUrlOf(tx, ctx, input.expiredUrl),
    clicksLimit,
    enabled: input.enabled ?? true,
    notes: input.notes ?? null,
    startsAt: timeOf("/startsAt", input.startsAt),
    folderId,
    campaignId,
    passwordHash: null,
    forwardPath: input.forwardPath ?? false,
    options: optionsAfter(null, { ...input, expiresAfterSeconds }),
    version: 1,
    createdBy: ctx.actor.id,
    archivedAt: null,
    deletedAt: null,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  return whole(row, domain.host, await withTemplate(tx, ctx, input, row.campaignId), tx.now);
}

/** What the link says of its campaign parameters itself goes before what a template says. */
export async function withTemplate<Input extends Pick<NewLink, "utm" | "utmTemplateId">>(
  tx: Reader,
  ctx: Context,
  input: Input,
  campaignId: LinkRow["campaignId"],
): Promise<Input> {
  if (input.utmTemplateId === undefined) return input;
  const campaign = campaignId === null ? "" : (await findCampaign(tx, ctx, campaignId)).name;
  return { ...input, utm: { ...(await utmFrom(tx, ctx, input.utmTemplateId, campaign)), ...input.utm } };
}

/** What a link would belong to after a change. */
export const campaignAfter = ({ row }: Pick<Found, "row">, { campaignId }: Pick<NewLink, "campaignId">) =>
  campaignId === undefined ? row.campaignId : (campaignId as LinkRow["campaignId"]);

/** A row with what can be said when all else of it is known. */
export function whole(
  row: Omit<LinkRow, "searchText">,
  host: string,
  { utm, cost }: Pick<NewLink, "utm" | "cost">,
  at: number,
): LinkRow {
  checkWhole(row);
  const told = {
    ...(utm ? { utm: utmOf(utm, { ...row, domain: host, at }) } : {}),
    ...(cost ? { cost: checkCost(cost) } : {}),
  };
  const options = utm || cost ? optionsAfter(row.options, told) : row.options;
  return { ...row, options, searchText: searchText(row) };
}

/** A destination in its columns; a link without one has them empty. */
export async function destinationFor(tx: Known, ctx: Context, text: string | null) {
  if (text === null) return { destinationUrl: "", destinationHash: "" };
  const destination = destinationOf("/destinationUrl", text);
  await refuseLoop(tx, ctx, "/destinationUrl", destination);
  return { destinationUrl: destination.href, destinationHash: destinationHash(destination.href) };
}

/**
 * What no field shows alone.
 * @throws AppError VALIDATION_ERROR naming the field to mend
 */
export function checkWhole(
  row: Pick<LinkRow, "destinationUrl" | "options" | "startsAt" | "expiresAt">,
): void {
  const { redirectMode = "auto" } = optionsOf(row);
  if (row.destinationUrl === "" && redirectMode !== "rule_only" && redirectMode !== "never")
    throw invalid("/destinationUrl", `destinationUrl is needed in the redirect mode ${redirectMode}`);
  if (row.startsAt !== null && row.expiresAt !== null && row.startsAt >= row.expiresAt)
    throw invalid("/startsAt", "startsAt must lie before expiresAt");
}

/** @throws AppError VALIDATION_ERROR naming what is wrong with it */
export function chosenSlug(text: string): string {
  const slug = canonicalSlug(text);
  const problem = slugProblem(slug);
  if (problem !== null) throw invalid("/slug", problem);
  return slug;
}

export const timeOf = (path: string, text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : momentOf(path, text);

export async function expiredUrlOf(
  tx: Known,
  ctx: Context,
  text: string | null | undefined,
): Promise<string | null> {
  if (text === null || text === undefined) return null;
  const destination = destinationOf("/expiredUrl", text);
  await refuseLoop(tx, ctx, "/expiredUrl", destination);
  return destination.href;
}
