import { uniqueViolation } from "../../db/errors.ts";
import { openBreath } from "../../lib/breath.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { statusOf, validationError } from "../../platform/envelope.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import { checkerOf } from "../../platform/validation.ts";
import { assertMayChange, reachOf } from "../folders/access.ts";
import { addLinks, type Entry, type Outcome } from "./add-many.ts";
import { moveFound, moves } from "./archive.ts";
import type { BulkPatch, BulkResult, LinkNames, LinksPatch, NewLinks } from "./bulk-model.ts";
import { visible } from "./conditions.ts";
import { passwordHashOf } from "./lock.ts";
import { selectMany } from "./many-store.ts";
import { type Link, NewLink, tagsMax } from "./model.ts";
import { namesAfter } from "./sort.ts";
import { type Found, linkOf } from "./store.ts";
import { placeOf, updateFound } from "./update.ts";

/** A hash takes tens of milliseconds of a core. */
const PASSWORDS_MAX = 50;
/** Somebody else may take what was free: seldom, and on Postgres only. */
const TRIES = 5;

/** Makes up to a thousand links in one change. A row that is refused is told, and the others are made. */
export async function createLinks(
  ctx: Context,
  { links, validateOnly = false }: NewLinks,
): Promise<BulkResult> {
  const judged = await judgedRows(ctx, links);
  const entries = judged.flatMap((one) => (one instanceof AppError ? [] : [one]));
  const work = async (tx: Change): Promise<BulkResult> => {
    const made = (await addLinks(tx, ctx, entries, !validateOnly)).values();
    const outcomes = judged.map((one) => (one instanceof AppError ? refused(one) : made.next().value!));
    return settled(
      outcomes,
      validateOnly,
      outcomes.some(({ status }) => status === 201),
    );
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await change(ctx, work);
    } catch (error) {
      if (uniqueViolation(error) === null || attempt === TRIES) throw error;
    }
  }
}

const isNewLink = checkerOf(NewLink);

/** What can be said of each row before anything is asked. */
async function judgedRows(ctx: Context, rows: readonly unknown[]): Promise<(Entry | AppError)[]> {
  const breathe = openBreath();
  let passwords = 0;
  const judged: (Entry | AppError)[] = [];
  for (const row of rows) {
    await breathe();
    const details = isNewLink(row);
    const input = row as NewLink;
    if (details) judged.push(validationError(details));
    else if (typeof input.password !== "string") judged.push({ input });
    else if (++passwords > PASSWORDS_MAX)
      judged.push(invalid("/password", `at most ${PASSWORDS_MAX} links of a call may have a password`));
    else judged.push({ input, passwordHash: await passwordHashOf(ctx, input.password) });
  }
  return judged;
}

/** Changes up to a thousand links alike. */
export async function updateLinks(
  ctx: Context,
  { links, data, validateOnly }: LinksPatch,
): Promise<BulkResult> {
  const { addTags = [], removeTags = [], ...patch } = data;
  if (Object.keys(data).length === 0) throw invalid("/data", "data names nothing to change");
  const passwordHash = await passwordHashOf(ctx, patch.password);
  const retags = addTags.length + removeTags.length > 0;
  const { folderId, campaignId, ...rest } = patch;
  return each(ctx, { links, ...(validateOnly ? { validateOnly } : {}) }, (tx) => {
    const place = placeOf(tx, ctx, patch);
    // Whoever waits for it first is told; until then nobody does.
    place.catch(() => {});
    return async (found) => {
      const tags = retags ? tagsAfter(patch.tags ?? found.row.tags, { addTags, removeTags }) : patch.tags;
      return updateFound(tx, ctx, found, { ...rest, ...(tags ? { tags } : {}) }, passwordHash, await place);
    };
  });
}

function tagsAfter(tags: readonly string[], how: Pick<BulkPatch, "addTags" | "removeTags">): string[] {
  const after = namesAfter(tags, how);
  if (after.length > tagsMax) throw invalid("/tags", `the link would have more than ${tagsMax} tags`);
  return after;
}

/** Moves up to a thousand links to the archive, to the trash, or back. */
export const moveLinks = (ctx: Context, move: keyof typeof moves, input: LinkNames): Promise<BulkResult> =>
  each(ctx, input, (tx) => (found) => moveFound(tx, ctx, found, moves[move]));

/** @param verb answers null for a link that is so already */
const each = (
  ctx: Context,
  { links: names, validateOnly = false }: LinkNames,
  verbIn: (tx: Change) => (found: Found) => Promise<Link | null>,
): Promise<BulkResult> =>
  change(ctx, async (tx) => {
    const breathe = openBreath();
    const verb = verbIn(tx);
    const find = await finder(tx, ctx, names);
    const outcomes: Outcome[] = [];
    const seen = new Set<string>();
    let changed = false;
    for (const name of names) {
      await breathe();
      try {
        const found = find(name);
        if (seen.has(found.row.id)) throw invalid("/", "this link is named twice");
        seen.add(found.row.id);
        const link = await verb(found);
        changed ||= link !== null;
        outcomes.push({ status: 200, link: link ?? linkOf(ctx, found) });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        outcomes.push(refused(error));
      }
    }
    return settled(outcomes, validateOnly, changed);
  });

async function finder(tx: Change, ctx: Context, names: readonly string[]): Promise<(name: string) => Found> {
  const externalIds = names.flatMap((name) => (name.startsWith("ext_") ? [name.slice(4)] : []));
  const reach = await reachOf(tx, ctx);
  const ids = names.filter((name) => name.startsWith("link_"));
  const found = await selectMany(tx, ctx, { ids, externalIds }, visible(ctx, reach));
  const byName = new Map(
    found.flatMap((one) => [
      [one.row.id as string, one],
      ...(one.row.externalId === null ? [] : [[`ext_${one.row.externalId}`, one] as const]),
    ]),
  );
  return (name) => {
    const one = byName.get(name);
    if (!one) throw notFound("link");
    assertMayChange(reach, one.row.folderId);
    return one;
  };
}

const refused = (error: AppError): Outcome => ({ status: "refused", error });

/** @throws Unchanged with the answer when nothing is to be stored */
function settled(outcomes: readonly Outcome[], validateOnly: boolean, changed: boolean): BulkResult {
  const results = outcomes.map((outcome, index) =>
    outcome.status === "refused"
      ? { index, status: statusOf[outcome.error.code], link: null, error: rowError(outcome.error, index) }
      : { index, status: outcome.status, link: validateOnly ? null : outcome.link, error: null },
  );
  const failed = outcomes.filter(({ status }) => status === "refused").length;
  const result = { succeeded: outcomes.length - failed, failed, validateOnly, results };
  if (validateOnly || !changed) throw new Unchanged(result);
  return result;
}

const rowError = ({ code, message, details }: AppError, index: number) => ({
  code,
  message,
  details: details.map((one) => ({
    path: `/links/${index}${one.path === "/" ? "" : one.path}`,
    message: one.message,
  })),
});
