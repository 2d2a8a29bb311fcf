import { test } from "bun:test";
import { openSqlite } from "../../src/db/sqlite.ts";
import { silentLog } from "../../src/lib/log.ts";
import { databaseContract } from "../contracts/database.ts";
import { freshPglite, freshPostgres, postgresServer } from "../support/postgres.ts";
import { freshSqlite } from "../support/sqlite.ts";

databaseContract("SQLite", (clock) => openSqlite({ path: freshSqlite(), clock, log: silentLog }));
databaseContract("PGlite", freshPglite);
if (await postgresServer()) databaseContract("PostgreSQL", freshPostgres);
else test.skip("a database on PostgreSQL: there is no server here", () => {});
