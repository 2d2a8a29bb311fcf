import { Database as Connection } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { getTableColumns, getTableName } from "drizzle-orm";
import { postgresKit, sqliteKit } from "../../src/db/kit.ts";
import { migrations } from "../../src/db/migrations.ts";
import { defineTables } from "../../src/db/schema/tables.ts";
import { freshSqlite } from "../support/sqlite.ts";

/** `links.slug text not null`, for every column, sorted. */
type Columns = string[];
const line = (table: string, name: string, type: string, notNull: boolean) =>
  `${table}.${name} ${type}${notNull ? " not null" : ""}`;

function written(kit: typeof sqliteKit): Columns {
  return Object.values(defineTables(kit))
    .flatMap((table) =>
      Object.values(getTableColumns(table)).map((column) =>
        line(getTableName(table), column.name, column.getSQLType(), column.notNull),
      ),
    )
    .sort();
}

/** `unique links_slug links (domain_id, slug_key)` */
type Indexes = string[];

let sqlite: Connection;
const postgres = new PGlite();
beforeAll(async () => {
  sqlite = new Connection(freshSqlite(), { readonly: true });
  for (const migration of migrations) await postgres.exec(migration.postgres);
}, 120_000);
afterAll(() => postgres.close());

/** The index of words is a table to SQLite, which keeps it in tables of its own; to Postgres it is an index. */
const SEARCH = "(select name from pragma_table_list where type in ('virtual', 'shadow'))";

const sqliteRows = <Row>(text: string): Row[] => sqlite.query<Row, []>(text).all();
const postgresRows = async <Row>(text: string): Promise<Row[]> => (await postgres.query<Row>(text)).rows;

test("the SQLite migrations make the columns that the schema says", () => {
  const rows = sqliteRows<{ table: string; name: string; type: string; notnull: number }>(
    `select m.name as "table", c.name, lower(c.type) as type, c."notnull" from sqlite_schema m, pragma_table_info(m.name) c
     where m.type = 'table' and m.name <> 'migrations' and m.name not like 'sqlite_%' and m.name not in ${SEARCH}`,
  );
  // SQLite's `integer primary key` is never null and says it may be.
  const live = rows.map((row) =>
    line(
      row.table,
      row.name,
      row.type,
      row.notnull === 1 || `${row.table}.${row.name}` === "installation.id",
    ),
  );
  expect(live.sort()).toEqual(written(sqliteKit));
});

test("the Postgres migrations make the columns that the schema says", async () => {
  const rows = await postgresRows<{ table: string; name: string; type: string; nullable: string }>(
    `select table_name as "table", column_name as name, data_type as type, is_nullable as nullable
     from information_schema.columns where table_schema = 'public'`,
  );
  const live = rows.map((row) => line(row.table, row.name, row.type, row.nullable === "NO"));
  expect(live.sort()).toEqual(written(postgresKit));
});

test("every text sorts by its bytes on Postgres", async () => {
  const others = await postgresRows(
    `select table_name, column_name from information_schema.columns
     where table_schema = 'public' and data_type = 'text' and collation_name is distinct from 'C'`,
  );
  expect(others).toEqual([]);
});

test("every table is strict on SQLite, so that it refuses what Postgres refuses", () => {
  const loose = sqliteRows(
    "select name from pragma_table_list where schema = 'main' and type = 'table' and strict = 0 and name not like 'sqlite_%'",
  );
  expect(loose).toEqual([]);
});

/** Expressions in an index have no name on either side, and are left out. */
test("both dialects have the same indexes, by name and columns", async () => {
  const onSqlite: Indexes = sqliteRows<{ line: string }>(
    `select (case when l."unique" then 'unique ' else '' end) || (case when l.origin = 'pk' then m.name || '_pkey' else l.name end)
       || ' ' || m.name || ' (' || (select group_concat(name, ', ') from (select name from pragma_index_info(l.name) order by seqno)) || ')' as line
     from sqlite_schema m, pragma_index_list(m.name) l
     where m.type = 'table' and m.name <> 'migrations' and m.name not in ${SEARCH}`,
  ).map((row) => row.line);
  const onPostgres: Indexes = (
    await postgresRows<{ line: string }>(
      `select case when i.indisunique then 'unique ' else '' end || i.indexrelid::regclass || ' ' || i.indrelid::regclass || ' (' ||
         (select string_agg(a.attname, ', ' order by k.place) from unnest(i.indkey) with ordinality as k (number, place)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number) || ')' as line
       from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations'
         and i.indexrelid <> 'links_search'::regclass`,
    )
  ).map((row) => row.line);
  // On SQLite the key of these is the row's own number, which has no index.
  const withoutRowNumber = onPostgres.filter((one) => !/^unique (installation|audit_seals)_pkey/.test(one));
  expect(onSqlite.sort()).toEqual(withoutRowNumber.sort());
});

test("both dialects have the same foreign keys, with the same ends", async () => {
  const onSqlite = sqliteRows<{ line: string }>(
    `select m.name || '.' || f."from" || ' -> ' || f."table" || '.' || f."to" || ' ' || lower(f.on_delete) as line
     from sqlite_schema m, pragma_foreign_key_list(m.name) f where m.type = 'table'`,
  ).map((row) => row.line);
  const onPostgres = (
    await postgresRows<{ line: string }>(
      `select k.table_name || '.' || k.column_name || ' -> ' || u.table_name || '.' || u.column_name || ' ' || lower(r.delete_rule) as line
       from information_schema.referential_constraints r
       join information_schema.key_column_usage k using (constraint_name)
       join information_schema.constraint_column_usage u using (constraint_name)`,
    )
  ).map((row) => row.line);
  expect(onSqlite.sort()).toEqual(onPostgres.sort());
});
