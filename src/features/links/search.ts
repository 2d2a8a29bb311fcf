import { type SQL, sql } from "drizzle-orm";
import { type Sought, searchIndex } from "../../db/search.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { tagIdsContaining } from "../tags/take.ts";
import { wordsOf } from "./words.ts";

/** So many links are looked at before anything is known of how common the words are. */
const LOOKED_AT = 3000;
/** One in so many: then a walk through all links in their order meets enough of them soon. */
const COMMON = 50;
const TAGS_MAX = 50;

/** How the links that hold all words of a search are found. */
export interface Search {
  readonly where: SQL;
  /**
   * The rows found so far where there are too many to be counted: they are among the newest. Null when `where` is all
   * there is to it.
   */
  readonly sample: SQL | null;
}

/**
 * Links that hold all words of a text, by their beginnings; those that stand together (`page-3`) must stand together.
 * Null when the text has no word.
 */
export async function searchFor(ctx: Context, text: string): Promise<Search | null> {
  const wanted = await soughtIn(ctx, text);
  if (wanted.length === 0) return null;
  const index = searchIndex(ctx.db, workspaceOf(ctx));
  if (index.newest === null) return { where: index.all(wanted), sample: null };
  const looked = await ctx.db.read
    .select({ id: sql<number>`id`, ok: sql<number>`ok` })
    .from(index.newest(wanted, LOOKED_AT));
  const ids = looked.filter(({ ok }) => ok === 1).map(({ id }) => id);
  if (looked.length < LOOKED_AT) return { where: index.among(ids), sample: null };
  if (ids.length * COMMON < LOOKED_AT) return { where: index.all(wanted), sample: null };
  return { where: index.holds(wanted), sample: index.among(ids) };
}

/** What is looked for: every piece of the text between spaces. */
export async function soughtIn(ctx: Context, text: string): Promise<Sought[]> {
  const pieces = text.split(/\s+/).map((piece) => wordsOf(withoutScheme(piece)));
  const wanted = new Map(pieces.filter((words) => words.length > 0).map((words) => [words.join(" "), words]));
  return Promise.all(
    [...wanted].map(async ([joined, words]) => ({
      phrase: ` ${joined}`,
      words: [...new Set(words)],
      tagIds: joined.length < 2 ? [] : await tagIdsContaining(ctx, joined, TAGS_MAX),
    })),
  );
}

/** Nobody looks for links by `https`, and all have it; it is not among their words. */
const withoutScheme = (text: string): string => text.replace(/^https?:(\/\/)?(www\.)?/i, "");
