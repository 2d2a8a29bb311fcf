import { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { migratePostgres, migrateSqlite } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations.ts";
import { silentLog } from "../../src/lib/log.ts";
import { pgliteRunner } from "../support/postgres.ts";

const at = migrations.findIndex(({ name }) => name === "0011_fields");
const before = migrations.slice(0, at);
const options = (list: typeof migrations) => ({ clock: { now: () => 1 }, log: silentLog, list });

/** A link as a version before had it. */
const filled = (yes: string, no: string) => [
  "insert into workspaces (id, name, created_at, updated_at) values ('ws_1', 'x', 1, 1)",
  `insert into domains (id, host, case_sensitive, slug_length, created_at, updated_at)
     values ('dom_1', 'x.test', ${no}, 8, 1, 1)`,
  `insert into links (id, workspace_id, domain_id, slug, slug_key, destination_url, destination_hash, tags,
       redirect_status, forward_query, search_text, version, created_by, created_at, updated_at)
     values ('link_1', 'ws_1', 'dom_1', 'a', 'a', 'u', 'h', '[]', 302, ${yes}, 's', 1, 'key_1', 1, 1)`,
];
const read = `select enabled, forward_path, notes, starts_at, folder_id, campaign_id, password_hash, options from links`;
const nothing = {
  notes: null,
  starts_at: null,
  folder_id: null,
  campaign_id: null,
  password_hash: null,
  options: null,
};

test("links of a version before are switched on, and have nothing more, on SQLite", () => {
  const connection = new Connection(":memory:", { strict: true });
  migrateSqlite(connection, options(before));
  for (const text of filled("1", "0")) connection.run(text);
  migrateSqlite(connection, options(migrations));
  expect(connection.query<object, []>(read).all()).toEqual([{ enabled: 1, forward_path: 0, ...nothing }]);
  connection.close();
});

test("and on Postgres", async () => {
  const pglite = new PGlite();
  await migratePostgres(pgliteRunner(pglite), options(before));
  for (const text of filled("true", "false")) await pglite.query(text);
  await migratePostgres(pgliteRunner(pglite), options(migrations));
  expect((await pglite.query<object>(read)).rows).toEqual([
    { enabled: true, forward_path: false, ...nothing },
  ]);
  await pglite.close();
}, 120_000);
