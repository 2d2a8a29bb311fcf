import { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { migratePostgres, migrateSqlite } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations.ts";
import { silentLog } from "../../src/lib/log.ts";
import { pgliteRunner } from "../support/postgres.ts";

const at = migrations.findIndex(({ name }) => name === "0003_list_indexes");
const options = (count: number) => ({
  clock: { now: () => 1 },
  log: silentLog,
  list: migrations.slice(0, count),
});

/** Links as a version before had them: in use, archived, in the trash, trashed as archived, and one of another workspace. */
const rows = [
  ["link_1", "ws_1", null, null],
  ["link_2", "ws_1", 5, null],
  ["link_3", "ws_1", null, 5],
  ["link_4", "ws_1", 5, 5],
  ["link_5", "ws_2", null, null],
] as const;
const value = (one: string | number | null) => (typeof one === "string" ? `'${one}'` : String(one));
const filled = (isSqlite: boolean) => [
  ...["ws_1", "ws_2"].map((id) => `insert into workspaces values ('${id}', 'x', null, 1, 1)`),
  `insert into domains values ('dom_1', null, 'x.test', ${isSqlite ? 0 : false}, 8, null, null, null, 1, 1)`,
  ...rows.map(
    ([id, workspace, archived, deleted]) =>
      `insert into links values ('${id}', '${workspace}', 'dom_1', '${id}', '${id}', 'u', 'h', null, null, '[]', null, 302,
       ${isSqlite ? 1 : true}, null, null, null, 's', 1, 'key_1', ${value(archived)}, ${value(deleted)}, 1, 1)`,
  ),
  "insert into link_totals values ('link_2', 7, 3, 1, 9, 40)",
  "insert into link_totals values ('link_purged', 1, 1, 1, 1, 41)",
];
const read = "select link_id, workspace_id, shelf, clicks, sequence from link_totals order by link_id";
const wanted = [
  { link_id: "link_1", workspace_id: "ws_1", shelf: 0, clicks: 0, sequence: 0 },
  { link_id: "link_2", workspace_id: "ws_1", shelf: 1, clicks: 7, sequence: 40 },
  { link_id: "link_3", workspace_id: "ws_1", shelf: 2, clicks: 0, sequence: 0 },
  { link_id: "link_4", workspace_id: "ws_1", shelf: 2, clicks: 0, sequence: 0 },
  { link_id: "link_5", workspace_id: "ws_2", shelf: 0, clicks: 0, sequence: 0 },
];

test("links of a version before get their totals, with workspace and shelf, on SQLite", () => {
  const connection = new Connection(":memory:", { strict: true });
  migrateSqlite(connection, options(at));
  for (const text of filled(true)) connection.run(text);
  migrateSqlite(connection, options(migrations.length));
  expect(connection.query<(typeof wanted)[number], []>(read).all()).toEqual(wanted);
  connection.close();
});

test("and on Postgres", async () => {
  const pglite = new PGlite();
  await migratePostgres(pgliteRunner(pglite), options(at));
  for (const text of filled(false)) await pglite.query(text);
  await migratePostgres(pgliteRunner(pglite), options(migrations.length));
  expect((await pglite.query<(typeof wanted)[number]>(read)).rows).toEqual(wanted);
  await pglite.close();
}, 120_000);
