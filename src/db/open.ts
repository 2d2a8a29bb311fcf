import { Database as Connection } from "bun:sqlite";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sql";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { bunSqlRunner, bunSqlSignals, connectBunSql } from "./bun-sql.ts";
import type { Database } from "./database.ts";
import { migratePostgres, migrateSqlite } from "./migrate.ts";
import { openPostgres } from "./postgres.ts";
import { openSqlite } from "./sqlite.ts";

export interface OpenOptions {
  /** `postgres://…`; null for SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The installation's database, with today's schema.
 * @throws MigrationRefused, DatabaseUnusable
 */
export const openDatabase = (options: OpenOptions): Promise<Database> =>
  options.databaseUrl === null ? onSqlite(options) : onPostgres(options, options.databaseUrl);

async function onSqlite({ dataDir, clock, log }: OpenOptions): Promise<Database> {
  const path = join(dataDir, "waypost.db");
  const connection = new Connection(path, { create: true, strict: true });
  try {
    migrateSqlite(connection, { clock, log });
  } finally {
    connection.close();
  }
  return openSqlite({ path, clock, log });
}

async function onPostgres({ clock, log }: OpenOptions, url: string): Promise<Database> {
  const sql = await connectBunSql({ url, log });
  try {
    await migratePostgres(bunSqlRunner(sql), { clock, log });
  } catch (error) {
    await sql.close();
    throw error;
  }
  return openPostgres({
    client: drizzle({ client: sql }),
    clock,
    log,
    signals: bunSqlSignals(sql, log),
    ping: () => sql`select 1`,
    close: () => sql.close(),
  });
}
