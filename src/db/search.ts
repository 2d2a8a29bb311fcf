import { type SQL, sql } from "drizzle-orm";
import type { Database } from "./database.ts";

/** One thing that is looked for in links. */
export interface Sought {
  /** As it stands in `search_text`: its words in their order, a space before each (` page 3`). */
  readonly phrase: string;
  readonly words: readonly string[];
  /** Tags that would do as well, by their ids. */
  readonly tagIds: readonly string[];
}

/** How many letters the index of beginnings has. */
const BEGINNING = 3;

/**
 * The index of words (migration 0012). In it each word has the end of its workspace's id before it, so that one workspace
 * never reads through the words of another.
 *
 * On SQLite the beginnings of three letters are words of their own there, which are read one link after another, newest
 * first: `newest` takes as many as are wanted and no more. The beginnings of another length are put together from all words
 * that begin so, before the first link is known: `all` costs 0.25 µs for each link that has such a word. A word of one or
 * two letters is found whole.
 */
export function searchIndex({ dialect, tables: { links } }: Database, workspaceId: string) {
  const code = workspaceId.slice(-6);
  const containing = (text: string): SQL =>
    dialect === "sqlite"
      ? sql`instr(${links.searchText}, ${text}) > 0`
      : sql`strpos(${links.searchText}, ${text}) > 0`;

  /** What a row that the index has found must hold, because the index knows neither the order of words nor their ends. */
  const holds = (sought: readonly Sought[]): SQL =>
    sql.join(
      sought.map(
        ({ phrase, tagIds }) =>
          sql`(${sql.join([phrase, ...tagIds.map((id) => ` ${id}`)].map(containing), sql` or `)})`,
      ),
      sql` and `,
    );

  if (dialect === "postgres") {
    const query = sought(
      (word) => `'${code}${word}'${length(word) < BEGINNING ? "" : ":*"}`,
      (tag) => `'${code}${tag}'`,
      " & ",
      " | ",
    );
    return {
      holds,
      /** Links whose words are found, by the index. */
      all: (wanted: readonly Sought[]): SQL =>
        sql`(array_to_tsvector(string_to_array(ltrim(replace(${links.searchText}, ' ', ' ' || right(${links.workspaceId}, 6)), ' '), ' ')) @@ ${query(wanted)}::tsquery and ${holds(wanted)})`,
      newest: null,
      among: null,
    };
  }
  const quoted = (word: string, isWhole: boolean): string =>
    `"${code}${word}"${isWhole || length(word) < BEGINNING ? "" : "*"}`;
  const tag = (id: string): string => quoted(id, true);
  const match = sought((word) => quoted(word, false), tag, " AND ", " OR ");
  const quick = sought((word) => quoted(beginning(word), false), tag, " AND ", " OR ");
  const rowid = sql`${links}.rowid`;
  return {
    holds,
    all: (wanted: readonly Sought[]): SQL =>
      sql`(${rowid} in (select rowid from link_search where link_search match ${match(wanted)}) and ${holds(wanted)})`,
    /** The newest links that may be meant, `rowid` and whether they are (`ok`): no more than `limit` are looked at. */
    newest: (wanted: readonly Sought[], limit: number): SQL =>
      sql`(select found.rowid as id, (${holds(wanted)}) as ok
        from (select rowid from link_search where link_search match ${quick(wanted)} order by rowid desc limit ${limit}) as found
        cross join ${links} on ${rowid} = found.rowid)`,
    /** Exactly these rows. */
    among: (ids: readonly number[]): SQL =>
      sql`${rowid} in (select value from json_each(${JSON.stringify(ids)}))`,
  };
}

const length = (word: string): number => [...word].length;
const beginning = (word: string): string => [...word].slice(0, BEGINNING).join("");

/** The expression of an index for everything that is sought: all of the words, or one of the tags. */
const sought =
  (ofWord: (word: string) => string, ofTag: (id: string) => string, and: string, or: string) =>
  (wanted: readonly Sought[]): string =>
    wanted
      .map(({ words, tagIds }) => {
        const all = `(${words.map(ofWord).join(and)})`;
        return `(${[all, ...tagIds.map(ofTag)].join(or)})`;
      })
      .join(and);
