import { Database as Connection } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { bunSqlRunner, connectBunSql } from "../../src/db/bun-sql.ts";
import { MigrationRefused, migratePostgres, migrateSqlite } from "../../src/db/migrate.ts";
import { type Migration, migrations } from "../../src/db/migrations.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshPostgresUrl, pgliteRunner, postgresServer } from "../support/postgres.ts";
import { freshFolder } from "../support/sqlite.ts";

const options = (list: readonly Migration[]) => ({ clock: { now: () => 7 }, log: silentLog, list });
const same = (name: string, text: string, rest: Partial<Migration> = {}): Migration => ({
  name,
  sqlite: text,
  postgres: text,
  ...rest,
});
const one = same("0001_one", "create table one (a text);\ncreate index one_a on one (a);");
const two = same("0002_two", "create table two (a text);");

const open = (path = join(freshFolder(), "m.db")) => new Connection(path, { create: true, strict: true });
const names = (connection: Connection) =>
  connection
    .query<{ name: string }, []>("select name from sqlite_schema where type = 'table' order by name")
    .all()
    .map((row) => row.name);

describe("migrations on SQLite", () => {
  test("run once, in order, and are remembered", () => {
    const connection = open();
    migrateSqlite(connection, options([one]));
    migrateSqlite(connection, options([one, two]));
    migrateSqlite(connection, options([one, two]));
    expect(names(connection)).toEqual(["migrations", "one", "two"]);
    expect(
      connection.query("select name, length(checksum) as checksum, applied_at from migrations").all(),
    ).toEqual([
      { name: "0001_one", checksum: 64, applied_at: 7 },
      { name: "0002_two", checksum: 64, applied_at: 7 },
    ]);
  });

  test("are refused when the past differs, with a sentence that says what to do", () => {
    const connection = open();
    migrateSqlite(connection, options([one, two]));
    const refused = (list: Migration[]) => {
      expect(() => migrateSqlite(connection, options(list))).toThrow(MigrationRefused);
      expect(() => migrateSqlite(connection, options(list))).toThrow(
        /Start the version|Use the release|Restore a backup/,
      );
    };
    refused([one]);
    refused([one, same("0002_two", "create table two (b text);")]);
    refused([same("0000_zero", "select 1"), one, two]);
    expect(names(connection)).toEqual(["migrations", "one", "two"]);
  });

  test("are not edited by the line ends of another system", () => {
    const connection = open();
    migrateSqlite(connection, options([one]));
    migrateSqlite(connection, options([{ ...one, sqlite: one.sqlite.replaceAll("\n", "\r\n") }]));
  });

  test("leave nothing when they fail at any statement, and run whole afterwards", () => {
    for (const [{ name }, texts] of statements("sqlite"))
      for (let done = 0; done <= texts.length; done++) {
        const connection = open(":memory:");
        const broken = same(name, [...texts.slice(0, done), "insert into broken values (1)"].join(";\n"));
        expect(() => migrateSqlite(connection, options([broken]))).toThrow();
        expect(names(connection)).toEqual(["migrations"]);
        migrateSqlite(connection, options(migrations));
        connection.close();
      }
  }, 120_000);

  test("rebuild a table that others refer to, and keep the others", () => {
    const connection = open();
    const parents = same(
      "0001_parents",
      "create table parents (id text primary key); create table children (p text references parents (id) on delete cascade); insert into parents values ('p'); insert into children values ('p');",
    );
    const rebuild = (rows: string) =>
      same(
        "0002_rebuild",
        `create table parents_new (id text primary key, note text); insert into parents_new ${rows}; drop table parents; alter table parents_new rename to parents;`,
        { rebuilds: true },
      );
    connection.run("pragma foreign_keys = on");
    migrateSqlite(connection, options([parents]));
    expect(() =>
      migrateSqlite(connection, options([parents, rebuild("select id, '' from parents where 0")])),
    ).toThrow("refer to nothing");
    migrateSqlite(connection, options([parents, rebuild("select id, '' from parents")]));
    expect(connection.query("select * from children").all()).toEqual([{ p: "p" }]);
    expect(connection.query("select * from parents").all()).toEqual([{ id: "p", note: "" }]);
    expect(connection.query("pragma foreign_keys").get()).toEqual({ foreign_keys: 1 });
    expect(() => connection.run("insert into children values ('none')")).toThrow();
  });

  test("are run once by four processes that start at the same moment", async () => {
    const path = join(freshFolder(), "m.db");
    const runs = Array.from({ length: 4 }, () => migrateProcess(path));
    expect(await Promise.all(runs.map((run) => run.exited))).toEqual([0, 0, 0, 0]);
    expect(open(path).query("select count(*) as n from migrations").get()).toEqual({ n: migrations.length });
  });

  test("are whole or absent after a kill at any write to the disk", async () => {
    if (!Bun.which("strace")) return console.log("skipped: there is no strace");
    let killed = 0;
    for (let write = 1; ; write += Math.ceil(write / 4)) {
      const path = join(freshFolder(), "m.db");
      const run = migrateProcess(
        path,
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=pwrite64",
        "-e",
        `inject=pwrite64:signal=KILL:when=${write}`,
      );
      if ((await run.exited) === 0) break;
      killed++;
      const connection = open(path);
      expect(names(connection).length).toBeOneOf([0, ...tablesAfterEach]);
      migrateSqlite(connection, options(migrations));
      expect(names(connection).length).toBe(everyTable);
      expect(connection.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
      connection.close();
    }
    expect(killed).toBeGreaterThan(10);
  }, 120_000);
});

describe("migrations on Postgres", () => {
  const pglite = new PGlite();
  const runner = pgliteRunner(pglite);
  const tables = async () =>
    (
      await pglite.query<{ tablename: string }>(
        "select tablename from pg_tables where schemaname = 'public' order by tablename",
      )
    ).rows.map((row) => row.tablename);
  afterAll(() => pglite.close());

  test("leave nothing when they fail at any statement", async () => {
    for (const [{ name }, texts] of statements("postgres"))
      for (let done = 0; done <= texts.length; done += 3) {
        const broken = same(name, [...texts.slice(0, done), "insert into broken values (1)"].join(";\n"));
        expect(migratePostgres(runner, options([broken]))).rejects.toThrow();
        await migratePostgres(runner, options([broken])).catch(() => {});
        expect(await tables()).toEqual([]);
      }
  }, 120_000);

  test("are refused when the past differs", async () => {
    await migratePostgres(runner, options([one, two]));
    expect(await tables()).toEqual(["migrations", "one", "two"]);
    expect(migratePostgres(runner, options([one]))).rejects.toThrow("newer than this program");
    expect(migratePostgres(runner, options([same("0001_one", "select 1"), two]))).rejects.toThrow(
      "was edited",
    );
    await migratePostgres(runner, options([one, two]));
  });

  test("are run once by six servers that start at the same moment", async () => {
    if (!(await postgresServer())) return console.log("skipped: there is no PostgreSQL");
    const url = await freshPostgresUrl("empty");
    const pools = await Promise.all(
      Array.from({ length: 6 }, () => connectBunSql({ url, log: silentLog, connectionsMax: 1 })),
    );
    await Promise.all(pools.map((sql) => migratePostgres(bunSqlRunner(sql), options(migrations))));
    expect(await pools[0]!`select name from migrations`).toHaveLength(migrations.length);
    await Promise.all(pools.map((sql) => sql.close()));
  }, 120_000);
});

/** What a trigger does stands between words that elsewhere begin and end transactions. */
const TRIGGER = /create trigger[^;]*?begin[\s\S]*?\bend\b/gi;

test("no migration ends its own transaction", () => {
  for (const { sqlite, postgres } of migrations)
    expect(`${sqlite}${postgres}`.replace(TRIGGER, "")).not.toMatch(
      /\b(begin|commit|rollback|vacuum|pragma|concurrently)\b/i,
    );
});

/** How many tables there are before the first migration, and after each. */
const tablesAfterEach = [0, ...migrations.keys().map((i) => i + 1)].map((count) => {
  const connection = open(":memory:");
  migrateSqlite(connection, options(migrations.slice(0, count)));
  return names(connection).length;
});
const everyTable = tablesAfterEach.at(-1)!;

const statements = (dialect: "sqlite" | "postgres") =>
  migrations.map((migration): [Migration, string[]] => [
    migration,
    migration[dialect].split(/;\s*\n/).filter((text) => text.trim() !== ""),
  ]);

const migrateProcess = (path: string, ...wrapper: string[]) =>
  Bun.spawn([...wrapper, process.execPath, join(import.meta.dir, "migrate-process.ts"), path], {
    stdio: ["ignore", "ignore", "ignore"],
  });
