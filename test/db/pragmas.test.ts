import type { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectCheckpointer, connectReader, connectWriter } from "../../src/db/sqlite-connections.ts";
import { freshSqlite } from "../support/sqlite.ts";

const pragma = (connection: Connection, name: string) =>
  Object.values(connection.query<Record<string, unknown>, []>(`pragma ${name}`).get() ?? {})[0];

const promised = {
  writer: { synchronous: 1, busy_timeout: 20, query_only: 0 },
  reader: { synchronous: 2, busy_timeout: 1000, query_only: 1 },
  checkpointer: { synchronous: 2, busy_timeout: 0, query_only: 0 },
};

test("every connection keeps foreign keys, syncs and waits as it must", () => {
  const path = freshSqlite();
  const connections = {
    writer: connectWriter(path),
    reader: connectReader(path),
    checkpointer: connectCheckpointer(path),
  };
  for (const [name, connection] of Object.entries(connections)) {
    const wanted = {
      journal_mode: "wal",
      foreign_keys: 1,
      wal_autocheckpoint: 0,
      trusted_schema: 0,
      ...promised[name as keyof typeof promised],
    };
    const found = Object.fromEntries(Object.keys(wanted).map((one) => [one, pragma(connection, one)]));
    expect({ name, ...found }).toEqual({ name, ...wanted });
    // Asked of what it does, because SQLite does not say how it is set.
    expect(connection.query("select 'A' like 'a' as alike").get()).toEqual({ alike: 0 });
  }
  for (const connection of Object.values(connections)) connection.close();
});

test("the reader cannot write", () => {
  const path = freshSqlite();
  connectWriter(path).close();
  const reader = connectReader(path);
  expect(() => reader.run("delete from links")).toThrow();
  reader.close();
});

test("fifty writes that would leave orphans are refused", () => {
  const connection = connectWriter(freshSqlite());
  let refused = 0;
  for (let i = 0; i < 25; i++) {
    for (const text of [
      `insert into link_tags values ('link_${i}', 'tag_1', 'ws_1', 0, 0)`,
      `insert into members values ('ws_${i}', 'usr_${i}', 'owner', 0)`,
    ])
      try {
        connection.run(text);
      } catch {
        refused++;
      }
  }
  expect(refused).toBe(50);
  connection.close();
});

test("connections that work on the database are made in one file", () => {
  const folder = join(import.meta.dir, "../../src/db");
  const makers = readdirSync(folder).filter((name) =>
    readFileSync(join(folder, name).replace(/schema$/, "kit.ts"), "utf8").includes("new Connection("),
  );
  // `open.ts` migrates before anybody reads, `inspect.ts` only looks, and `lock.ts` holds a file of its own.
  expect(makers.sort()).toEqual(["inspect.ts", "lock.ts", "open.ts", "sqlite-connections.ts"]);
});
