import { Type as t } from "@sinclair/typebox";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { nullable, oneOf, strict } from "../../platform/schema.ts";
import { campaignFor } from "../campaigns/campaigns.ts";
import { folderFor } from "../folders/folders.ts";
import { TagName } from "../tags/model.ts";
import { takeTags } from "../tags/take.ts";
import { inTrash } from "./errors.ts";
import { linkUpdated } from "./events.ts";
import { findLinkToChange } from "./find.ts";
import { type LinkRow, tagsMax } from "./model.ts";
import { coreOf, updateLinkRow } from "./store.ts";
import { searchText } from "./words.ts";

const LINKS_MAX = 1000;
/** So many share a transaction: redirects go between. */
const AT_ONCE = 50;

const Tags = t.Array(TagName, { maxItems: tagsMax, uniqueItems: true });
export const Sorting = strict({
  links: t.Array(t.String({ minLength: 1, maxLength: 600 }), {
    minItems: 1,
    maxItems: LINKS_MAX,
    uniqueItems: true,
    description: `Ids, or ext_ and your external ids: ${LINKS_MAX} at most.`,
    examples: [["link_01jd0000000000000000000000"]],
  }),
  addTags: t.Optional(Tags),
  removeTags: t.Optional(Tags),
  folderId: t.Optional(nullable(t.String({ maxLength: 64, description: "Null takes them out of folders." }))),
  campaignId: t.Optional(nullable(t.String({ maxLength: 64 }))),
});
export type Sorting = typeof Sorting.static;

export const Sorted = t.Object(
  {
    changed: t.Integer(),
    results: t.Array(
      t.Object({
        link: t.String({ description: "As it was named." }),
        result: oneOf(["changed", "unchanged", "refused"]),
        error: t.Optional(t.Object({ code: t.String(), message: t.String() })),
      }),
      { description: "One for each link, in their order." },
    ),
  },
  { $id: "Sorted" },
);
export type Sorted = typeof Sorted.static;
type Result = Sorted["results"][number];

/**
 * Gives many links tags, takes tags off them, moves them to a folder or a campaign. Each is an edit of its own; one that is
 * refused keeps none of the others.
 */
export async function sortLinks(ctx: Context, { links, ...how }: Sorting): Promise<Sorted> {
  const results: Result[] = [];
  for (let from = 0; from < links.length; from += AT_ONCE) {
    const some = links.slice(from, from + AT_ONCE);
    results.push(...(await change(ctx, (tx) => sortSome(tx, ctx, some, how))));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { changed: results.filter(({ result }) => result === "changed").length, results };
}

type How = Omit<Sorting, "links">;

async function sortSome(tx: Change, ctx: Context, links: readonly string[], how: How): Promise<Result[]> {
  const place = {
    ...(how.folderId === undefined ? {} : { folderId: await folderFor(tx, ctx, how.folderId) }),
    ...(how.campaignId === undefined ? {} : { campaignId: await campaignFor(tx, ctx, how.campaignId) }),
  };
  const results: Result[] = [];
  for (const link of links)
    try {
      results.push({ link, result: (await sortOne(tx, ctx, link, how, place)) ? "changed" : "unchanged" });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message } = error;
      results.push({ link, result: "refused", error: { code, message } });
    }
  if (results.every(({ result }) => result !== "changed")) throw new Unchanged(results);
  return results;
}

/** Whether there was anything to change. */
async function sortOne(
  tx: Change,
  ctx: Context,
  link: string,
  how: How,
  place: Partial<LinkRow>,
): Promise<boolean> {
  const found = await findLinkToChange(tx, ctx, { link });
  const before = found.row;
  if (before.deletedAt !== null) throw inTrash();
  const names = namesAfter(before.tags, how);
  const isRetagged = JSON.stringify(names) !== JSON.stringify(before.tags);
  const isMoved = Object.entries(place).some(([name, value]) => before[name as keyof LinkRow] !== value);
  if (!isRetagged && !isMoved) return false;
  if (names.length > tagsMax) throw new AppError("VALIDATION_ERROR", `A link has at most ${tagsMax} tags.`);
  const taken = isRetagged ? await takeTags(tx, ctx, names) : null;
  const tags = taken && { tags: taken.map(({ name }) => name), tagIds: taken.map(({ id }) => id) };
  const after = { ...before, ...place, ...tags, version: before.version + 1, updatedAt: tx.now };
  const row = { ...after, searchText: searchText(after) };
  await updateLinkRow(tx, ctx, row, isRetagged);
  tx.record(linkUpdated, row.id, withPrevious(coreOf(ctx, found), coreOf(ctx, { ...found, row })));
  return true;
}

/** The tags of a link when some are added and some taken off. */
export function namesAfter(
  before: readonly string[],
  { addTags = [], removeTags = [] }: Pick<How, "addTags" | "removeTags">,
): string[] {
  const keyOf = (name: string) => name.normalize("NFC").toLowerCase();
  const gone = new Set(removeTags.map(keyOf));
  const names = new Map([...before, ...addTags].map((name) => [keyOf(name), name]));
  for (const name of before) names.set(keyOf(name), name);
  return [...names].filter(([key]) => !gone.has(key)).map(([, name]) => name);
}
