import type { Database } from "../../src/db/database.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshSqlite, idleThreads } from "./sqlite.ts";

/** A fresh, migrated database of the kind that TEST_DATABASE names (`sqlite` or `postgres`). */
export async function openTestDatabase(clock: Clock): Promise<Database> {
  return await openSqlite({ path: freshSqlite(), clock, log: silentLog, startThreads: idleThreads });
}
