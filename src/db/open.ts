import { Database as Connection } from "bun:sqlite";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Database } from "./database.ts";
import { migrateSqlite } from "./migrate.ts";
import { openSqlite } from "./sqlite.ts";

export interface OpenOptions {
  /** `postgres://…`; null for SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The installation's database, with today's schema. */
export async function openDatabase({ dataDir, clock, log }: OpenOptions): Promise<Database> {
  const path = join(dataDir, "waypost.db");
  const connection = new Connection(path, { create: true, strict: true });
  migrateSqlite(connection, { clock, log });
  connection.close();
  return await openSqlite({ path, clock, log });
}
