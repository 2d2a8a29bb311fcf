import { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { migrateSqlite } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations.ts";
import { silentLog } from "../../src/lib/log.ts";
import { handClock } from "../support/clock.ts";
import { freshFolder } from "../support/sqlite.ts";

const before = migrations.filter(({ name }) => name < "0007");
const [after] = migrations.filter(({ name }) => name === "0007_keys");

const KEYS = `insert into keys (id, workspace_id, name, environment, hash, hint, permissions, created_by, created_at) values
  ('key_1', null, 'a', 'live', 'h1', '', '[]', 'usr_1', 11),
  ('key_2', null, 'b', 'live', 'h2', '', '[]', 'local', 12),
  ('key_3', null, 'c', 'test', 'h3', '', '[]', 'key_2', 13)`;
const READ = "select id, kind, maker_id, confirmed_by, updated_at from keys order by id";
const EXPECTED = [
  { id: "key_1", kind: "secret", maker_id: "usr_1", confirmed_by: "usr_1", updated_at: 11 },
  { id: "key_2", kind: "secret", maker_id: null, confirmed_by: "operator", updated_at: 12 },
  { id: "key_3", kind: "secret", maker_id: null, confirmed_by: "operator", updated_at: 13 },
];

test("keys from before have their maker, and keep the scopes they were given, on SQLite", () => {
  const connection = new Connection(join(freshFolder(), "before.db"), { create: true });
  const options = { clock: handClock(), log: silentLog };
  migrateSqlite(connection, { ...options, list: before });
  connection.run(KEYS);
  migrateSqlite(connection, { ...options, list: [...before, after!] });
  expect(connection.query(READ).all()).toEqual(EXPECTED);
  connection.close();
});

test("… and on Postgres", async () => {
  const postgres = new PGlite();
  for (const one of before) await postgres.exec(one.postgres);
  await postgres.exec(KEYS);
  await postgres.exec(after!.postgres);
  expect((await postgres.query(READ)).rows).toEqual(EXPECTED);
  await postgres.close();
}, 30_000);
