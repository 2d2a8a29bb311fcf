import { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { PgDialect } from "drizzle-orm/pg-core";
import type { Database } from "../../src/db/database.ts";
import { postgresKit } from "../../src/db/kit.ts";
import { migratePostgres, migrateSqlite } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations.ts";
import { defineTables } from "../../src/db/schema/tables.ts";
import { searchIndex } from "../../src/db/search.ts";
import { silentLog } from "../../src/lib/log.ts";
import { pgliteRunner } from "../support/postgres.ts";

const at = migrations.findIndex(({ name }) => name === "0012_organise");
const options = (count: number) => ({
  clock: { now: () => 1 },
  log: silentLog,
  list: migrations.slice(0, count),
});

/** Links as a version before had them: id, workspace, tags, what search looked into, archived, deleted. */
const links = [
  ["link_1", "ws_000001", ["b", "A"], "one\nhttps://example.com/a_b?x=1\ntitle café\nb\na", null, null],
  ["link_2", "ws_000001", ["a", "c"], `two\nhttps://example.com/${"long".repeat(800)}\na\nc`, 5, null],
  ["link_3", "ws_000002", ["a"], "three's\nhttps://example.com/\na", null, 5],
  ["link_4", "ws_000002", [], "four\nhttps://example.com/\n", null, null],
] as const;

const filled = (isSqlite: boolean): string[] => {
  const yes = isSqlite ? 1 : true;
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return [
    ...["ws_000001", "ws_000002"].map(
      (id) => `insert into workspaces (id, name, created_at, updated_at) values ('${id}', 'x', 1, 1)`,
    ),
    `insert into domains (id, host, case_sensitive, slug_length, created_at, updated_at) values ('dom_1', 'x.test', ${isSqlite ? 0 : false}, 8, 1, 1)`,
    ...links.flatMap(([id, ws, tags, text, archived, deleted]) => [
      `insert into links (id, workspace_id, domain_id, slug, slug_key, destination_url, destination_hash, tags, redirect_status, forward_query,
         search_text, version, created_by, archived_at, deleted_at, created_at, updated_at)
       values ('${id}', '${ws}', 'dom_1', '${id}', '${id}', 'u', 'h', ${quoted(JSON.stringify(tags))}, 302, ${yes}, ${quoted(text)}, 1, 'key_1', ${archived}, ${deleted}, 1, 1)`,
      ...tags.map((tag) => `insert into link_tags values ('${id}', '${ws}', '${tag}')`),
    ]),
  ];
};

const tagged = `select l.link_id, l.position, l.shelf, t.name_key, t.workspace_id from link_tags l join tags t on t.id = l.tag_id
  order by l.link_id, l.position`;
const wanted = [
  { link_id: "link_1", position: 0, shelf: 0, name_key: "b", workspace_id: "ws_000001" },
  { link_id: "link_1", position: 1, shelf: 0, name_key: "a", workspace_id: "ws_000001" },
  { link_id: "link_2", position: 0, shelf: 1, name_key: "a", workspace_id: "ws_000001" },
  { link_id: "link_2", position: 1, shelf: 1, name_key: "c", workspace_id: "ws_000001" },
  { link_id: "link_3", position: 0, shelf: 2, name_key: "a", workspace_id: "ws_000002" },
];
const texts = "select id, search_text from links order by id";
/** Words alone, each with a space before it, and the ids of tags in the end. */
function expectWords(rows: { id: string; search_text: string }[]): void {
  expect(
    rows.map(({ search_text }) => search_text.replace(/ tag_\w{26}/g, " #").replace(/ +/g, " ")),
  ).toEqual([
    " one https example com a b x 1 title café b a # #",
    expect.stringMatching(/^ two https example com (long)+ a c # #$/),
    " three s https example com a #",
    " four https example com",
  ]);
}

test("tags that were words become things, and links of a version before are found by their words, on SQLite", () => {
  const connection = new Connection(":memory:", { strict: true });
  migrateSqlite(connection, options(at));
  for (const text of filled(true)) connection.run(text);
  migrateSqlite(connection, options(migrations.length));
  expect(connection.query(tagged).all()).toEqual(wanted);
  expectWords(connection.query<{ id: string; search_text: string }, []>(texts).all());
  const found = (match: string) =>
    connection
      .query<{ id: string }, [string]>(
        "select links.id from link_search join links on links.rowid = link_search.rowid where link_search match ? order by 1",
      )
      .all(match)
      .map(({ id }) => id);
  expect(found('"000001exa"*')).toEqual(["link_1", "link_2"]);
  expect(found('"000002three"')).toEqual(["link_3"]);
  connection.close();
});

test("and on Postgres", async () => {
  const pglite = new PGlite();
  await migratePostgres(pgliteRunner(pglite), options(at));
  for (const text of filled(false)) await pglite.query(text);
  await migratePostgres(pgliteRunner(pglite), options(migrations.length));
  expect((await pglite.query<(typeof wanted)[number]>(tagged)).rows).toEqual(wanted);
  expectWords((await pglite.query<{ id: string; search_text: string }>(texts)).rows);
  await pglite.close();
}, 120_000);

test("a search on Postgres is answered by the index of words", async () => {
  const pglite = new PGlite();
  await migratePostgres(pgliteRunner(pglite), options(migrations.length));
  const db = { dialect: "postgres", tables: defineTables(postgresKit) } as unknown as Database;
  const sought = [{ phrase: " summer sale", words: ["summer", "sale"], tagIds: ["tag_1"] }];
  const { sql, params } = new PgDialect().sqlToQuery(searchIndex(db, "ws_000001").all(sought));
  await pglite.query("set enable_seqscan = off");
  const { rows } = await pglite.query<{ "QUERY PLAN": string }>(
    `explain select id from links where ${sql}`,
    params,
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("Bitmap Index Scan on links_search");
  await pglite.close();
}, 120_000);
