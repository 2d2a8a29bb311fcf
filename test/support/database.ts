import type { Database } from "../../src/db/database.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshPostgres } from "./postgres.ts";
import { freshSqlite, idleThreads } from "./sqlite.ts";

/**
 * A fresh, migrated database of the kind that TEST_DATABASE names: `sqlite`, which is the default, or
 * `postgres`. SQLite comes without its threads: nothing is synced, and opening takes a millisecond or two.
 */
export async function openTestDatabase(clock: Clock): Promise<Database> {
  const kind = process.env["TEST_DATABASE"] ?? "sqlite";
  if (kind === "postgres") return freshPostgres(clock);
  return openSqlite({ path: freshSqlite(), clock, log: silentLog, startThreads: idleThreads });
}
