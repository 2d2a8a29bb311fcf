import { Database as Connection } from "bun:sqlite";
import { migrateSqlite } from "../../src/db/migrate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

/** Migrates one database and ends: `migrate-process.ts PATH`. */
const connection = new Connection(process.argv[2]!, { create: true, strict: true });
migrateSqlite(connection, { clock: systemClock, log: silentLog });
connection.close();
