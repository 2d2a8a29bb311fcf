import { eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { invalid } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { foldSlug } from "../../lib/slug.ts";
import { hostOf } from "../../lib/url.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import { plainName } from "../../platform/schema.ts";
import { releaseHost, rivalOf } from "./claim.ts";
import { destinationOf, refuseLoop } from "./destination.ts";
import { caseClashes, domainInUse, hostTaken, liveDomain, sharedDomain } from "./errors.ts";
import { domainCreated, domainDeleted, domainUpdated } from "./events.ts";
import { findDomain, refuseArchived } from "./find.ts";
import {
  type BrandingInput,
  type Domain,
  type DomainPatch,
  type DomainRow,
  type NewDomain,
  toDomain,
} from "./model.ts";
import {
  countLinksOf,
  countOwnDomains,
  selectDefaultDomainId,
  selectSlugs,
  updateDefaultDomainId,
  updateSlugKeys,
} from "./store.ts";

const SLUG_LENGTH = 8;

/**
 * Adds a host to the workspace. Its first one becomes the default. A host that another workspace has added and never
 * verified is taken over when DNS says whose it is.
 */
export async function createDomain(ctx: Context, input: NewDomain): Promise<Domain> {
  const host = hostOf(input.host);
  if (host === null)
    throw invalid("/host", "host must be a host name such as go.example.com, without a scheme or port");
  const rival = await rivalOf(ctx, host);
  try {
    return await change(ctx, async (tx) => {
      if (rival !== null) await releaseHost(tx, ctx, rival);
      const row = await addDomain(tx, ctx, { ...input, host, workspaceId: workspaceOf(ctx) });
      const before = await selectDefaultDomainId(tx, ctx);
      // No default of its own may also mean that the installation's host was chosen.
      const first = (await countOwnDomains(tx, ctx)) === 1;
      const defaultId = first || input.isDefault ? row.id : before;
      if (defaultId !== before) await updateDefaultDomainId(tx, ctx, row.id);
      const domain = toDomain(row, defaultId);
      tx.record(domainCreated, domain.id, domain);
      return domain;
    });
  } catch (error) {
    throw uniqueViolation(error) === "domains_host" ? hostTaken(error) : error;
  }
}

/** The row alone, inside a change that does more. `workspaceId` null is the installation's own host. */
export async function addDomain(
  tx: Change,
  ctx: Context,
  input: NewDomain & { readonly workspaceId: Id<"ws"> | null },
): Promise<DomainRow> {
  const row: DomainRow = {
    id: newId("dom", tx.now),
    workspaceId: input.workspaceId,
    host: input.host,
    caseSensitive: input.caseSensitive ?? false,
    slugLength: input.slugLength ?? SLUG_LENGTH,
    rootUrl: await fallback(tx, ctx, "/rootUrl", input.rootUrl),
    notFoundUrl: await fallback(tx, ctx, "/notFoundUrl", input.notFoundUrl),
    expiredUrl: await fallback(tx, ctx, "/expiredUrl", input.expiredUrl),
    slugAlphabet: alphabetOf(input.slugAlphabet ?? null, input.caseSensitive ?? false),
    branding: brandingOf(input.branding ?? null),
    archivedAt: null,
    verifiedAt: null,
    checkedAt: null,
    lastCheck: null,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.insert(ctx.db.tables.domains).values(row);
  return row;
}

export const updateDomain = (ctx: Context, idOrHost: string, patch: DomainPatch): Promise<Domain> =>
  change(ctx, async (tx) => {
    const before = await findDomain(tx, ctx, idOrHost);
    refuseLive(ctx, before);
    if (patch.isDefault) refuseArchived(before);
    const defaultBefore = await selectDefaultDomainId(tx, ctx);
    const { isDefault, ...settings } = patch;
    if (before.workspaceId === null && Object.keys(settings).length > 0) throw sharedDomain();
    const after = await patched(tx, ctx, before, settings);
    if (after.caseSensitive !== before.caseSensitive) await refold(tx, ctx, after);
    const { domains } = ctx.db.tables;
    await tx.update(domains).set(after).where(eq(domains.id, before.id));
    // No own default means the installation's host, so that it can be the default again.
    if (isDefault) await updateDefaultDomainId(tx, ctx, before.workspaceId === null ? null : before.id);
    const domain = toDomain(after, await selectDefaultDomainId(tx, ctx));
    tx.record(domainUpdated, domain.id, withPrevious(toDomain(before, defaultBefore), domain));
    return domain;
  });

/** The test side uses the domains of the live side, and changes nothing of them. */
export function refuseLive(ctx: Context, { workspaceId }: DomainRow): void {
  if (workspaceId !== null && workspaceId !== workspaceOf(ctx)) throw liveDomain();
}

async function patched(tx: Change, ctx: Context, before: DomainRow, patch: DomainPatch): Promise<DomainRow> {
  const url = (name: "rootUrl" | "notFoundUrl" | "expiredUrl") =>
    patch[name] === undefined ? before[name] : fallback(tx, ctx, `/${name}`, patch[name]);
  const caseSensitive = patch.caseSensitive ?? before.caseSensitive;
  const { slugAlphabet = before.slugAlphabet } = patch;
  return {
    ...before,
    caseSensitive,
    slugAlphabet: alphabetOf(slugAlphabet, caseSensitive),
    branding: patch.branding === undefined ? before.branding : brandingOf(patch.branding),
    slugLength: patch.slugLength ?? before.slugLength,
    rootUrl: await url("rootUrl"),
    notFoundUrl: await url("notFoundUrl"),
    expiredUrl: await url("expiredUrl"),
    updatedAt: tx.now,
  };
}

/** Takes away a host that no link lives on. */
export const deleteDomain = (ctx: Context, idOrHost: string): Promise<Domain> =>
  change(ctx, async (tx) => {
    const row = await findDomain(tx, ctx, idOrHost);
    refuseLive(ctx, row);
    if (row.workspaceId === null) throw sharedDomain();
    const links = await countLinksOf(tx, ctx, row.id);
    if (links > 0) throw domainInUse(links);
    const { domains } = ctx.db.tables;
    await tx.delete(domains).where(eq(domains.id, row.id));
    const defaultId = await selectDefaultDomainId(tx, ctx);
    if (defaultId === row.id) await updateDefaultDomainId(tx, ctx, null);
    const domain = toDomain(row, defaultId);
    tx.record(domainDeleted, domain.id, domain);
    return domain;
  });

/** Makes the unique keys anew when a domain begins or ceases to tell cases apart. */
async function refold(tx: Change, ctx: Context, domain: DomainRow): Promise<void> {
  const slugs = await selectSlugs(tx, ctx, domain.id);
  const seen = new Map<string, string>();
  const clashes: string[] = [];
  const changed: { id: Id<"link">; slugKey: string }[] = [];
  for (const { id, slug, slugKey } of slugs) {
    const key = foldSlug(slug, domain.caseSensitive);
    const other = seen.get(key);
    if (other !== undefined) clashes.push(`${other} / ${slug}`);
    seen.set(key, slug);
    if (key !== slugKey) changed.push({ id, slugKey: key });
  }
  if (clashes.length > 0) throw caseClashes(clashes.slice(0, 100));
  await updateSlugKeys(tx, ctx, changed);
}

/** Where a domain sends those it has no link for: never back to us. */
async function fallback(
  tx: Change,
  ctx: Context,
  path: string,
  text: string | null | undefined,
): Promise<string | null> {
  if (text === null || text === undefined) return null;
  const destination = destinationOf(path, text);
  await refuseLoop(tx, ctx, path, destination);
  return destination.href;
}

/** Two letters that are one would make some slugs likelier than others, and fewer of them than it seems. */
function alphabetOf(alphabet: string | null, caseSensitive: boolean): string | null {
  if (alphabet === null) return null;
  const different = new Set(foldSlug(alphabet, caseSensitive)).size;
  if (different === alphabet.length) return alphabet;
  throw invalid(
    "/slugAlphabet",
    new Set(alphabet).size < alphabet.length
      ? "slugAlphabet has a character twice"
      : "slugAlphabet has small and capital forms of a letter, which are one on a domain that does not tell cases apart",
  );
}

/** As it is stored: what was said, and nothing else. */
function brandingOf(input: BrandingInput | null): DomainRow["branding"] {
  const { name, color, url } = input ?? {};
  const branding = {
    ...(name ? { name: plainName(name) } : {}),
    ...(color ? { color: color.toLowerCase() } : {}),
    ...(url ? { url: destinationOf("/branding/url", url).href } : {}),
  };
  return Object.keys(branding).length === 0 ? null : branding;
}
