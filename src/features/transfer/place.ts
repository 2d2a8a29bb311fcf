import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { canonicalSlug, randomSlug } from "../../lib/slug.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { addLinks, type Outcome } from "../links/add-many.ts";
import { campaignAfter, domainFor, withTemplate } from "../links/create.ts";
import { type Found, findLinkToChange } from "../links/find.ts";
import type { NewLink } from "../links/model.ts";
import { updateFound } from "../links/update.ts";
import type { ImportOptions, Problem } from "./import-model.ts";

/** A row of a file: the link it asks for, or why there is none. */
export type Place =
  | { readonly row: number; readonly input: NewLink }
  | { readonly row: number; readonly error: AppError };

/** What became of a batch. */
export interface Done {
  made: number;
  changed: number;
  skipped: number;
  readonly problems: Problem[];
  /** What it made, and what it changed with the state before. */
  readonly links: { linkId: Id<"link">; before: string | null }[];
}

/** Slugs that are tried for a row whose own is in use, before chance gives one. */
const RENAMES = 4;
type Asked = Extract<Place, { input: NewLink }>;

/** Makes the links of a batch, and does with those in conflict as the policy says. */
export async function placeRows(
  tx: Change,
  ctx: Context,
  places: readonly Place[],
  { conflict, dryRun }: ImportOptions,
): Promise<Done> {
  const done: Done = { made: 0, changed: 0, skipped: 0, problems: [], links: [] };
  let open: Asked[] = [];
  for (const one of places)
    if ("input" in one) open.push(one);
    else refuse(done, one.row, one.error);
  for (let round = 1; open.length > 0; round++) {
    const outcomes = await addLinks(
      tx,
      ctx,
      open.map(({ input }) => ({ input })),
      !dryRun,
    );
    const again: Asked[] = [];
    for (const [i, outcome] of outcomes.entries())
      if (outcome.status !== "refused") note(done, outcome.link.id as Id<"link">, dryRun);
      else if (canBeRenamed(conflict, outcome.error, round)) again.push(renamed(open[i]!, places, round));
      else await settleRefused(tx, ctx, open[i]!, outcome, done, { conflict, dryRun });
    open = again;
  }
  return done;
}

function note(done: Done, linkId: Id<"link">, dryRun: boolean): void {
  done.made++;
  if (!dryRun) done.links.push({ linkId, before: null });
}

const canBeRenamed = (conflict: ImportOptions["conflict"], { code }: AppError, round: number): boolean =>
  conflict === "rename" && code === "SLUG_TAKEN" && round <= RENAMES + 1;

async function settleRefused(
  tx: Change,
  ctx: Context,
  place: Asked,
  outcome: Refused,
  done: Done,
  { conflict, dryRun }: Pick<ImportOptions, "conflict" | "dryRun">,
): Promise<void> {
  const isSettled = isConflict(outcome) && conflict !== "rename";
  if (!isSettled) refuse(done, place.row, outcome.error);
  else if (conflict === "skip") done.skipped++;
  else await overwrite(tx, ctx, place, outcome.error, done, dryRun);
}

type Refused = Extract<Outcome, { status: "refused" }>;
const isConflict = (outcome: Refused): boolean =>
  outcome.error.code === "SLUG_TAKEN" ||
  (outcome.error.code === "CONFLICT" && outcome.error.details[0]?.path === "/externalId");

function refuse({ problems }: Done, row: number, { code, message, details }: AppError): void {
  const [first] = details;
  problems.push({ row, code, path: first?.path ?? "/", message: first?.message ?? message });
}

/** `summer` becomes `summer-2` to `summer-5`, and then what chance says. */
function renamed({ row }: Asked, places: readonly Place[], round: number): Asked {
  const { input } = places.find((one) => one.row === row) as Asked;
  const tail = round <= RENAMES ? String(round + 1) : randomSlug(6);
  return { row, input: { ...input, slug: `${input.slug}-${tail}` } };
}

async function overwrite(
  tx: Change,
  ctx: Context,
  { row, input }: Asked,
  why: AppError,
  done: Done,
  dryRun: boolean,
): Promise<void> {
  const { domain: _, findExisting: __, ...patch } = input;
  try {
    const found = await holder(tx, ctx, input, why);
    if (dryRun) return void done.changed++;
    if (
      (await updateFound(
        tx,
        ctx,
        found,
        await withTemplate(tx, ctx, patch, campaignAfter(found, patch)),
        undefined,
      )) === null
    )
      return void done.skipped++;
    done.changed++;
    done.links.push({ linkId: found.row.id, before: JSON.stringify(found.row) });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Whose link it is, when it is not ours, is nobody's business.
    refuse(done, row, error.code === "NOT_FOUND" ? why : error);
  }
}

/** The link that has what a row asks for. */
async function holder(tx: Change, ctx: Context, input: NewLink, why: AppError): Promise<Found> {
  if (why.code !== "SLUG_TAKEN") return findLinkToChange(tx, ctx, { link: `ext_${input.externalId}` });
  const { id } = await domainFor(tx, ctx, input.domain);
  return findLinkToChange(tx, ctx, { link: `/${canonicalSlug(input.slug!)}`, domain: id });
}
