import { test } from "bun:test";
import { openSqlite } from "../../../src/db/sqlite.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { jobContract } from "../../contracts/jobs.ts";
import { freshPglite, freshPostgres, postgresServer } from "../../support/postgres.ts";
import { freshSqlite, idleThreads } from "../../support/sqlite.ts";

jobContract("SQLite", (clock) =>
  openSqlite({ path: freshSqlite(), clock, log: silentLog, startThreads: idleThreads }),
);
jobContract("PGlite", freshPglite);
if (await postgresServer()) jobContract("PostgreSQL", freshPostgres);
else test.skip("jobs on PostgreSQL: there is no server here", () => {});
