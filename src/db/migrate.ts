import type { Database as Connection } from "bun:sqlite";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { type Migration, migrations } from "./migrations.ts";

export interface MigrateOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Tests bring their own. */
  readonly list?: readonly Migration[];
}

/** What a Postgres migration needs of a driver: one transaction, and plain statements in it. */
export interface PostgresRunner {
  begin<T>(work: (run: PostgresRun) => Promise<T>): Promise<T>;
}
/** Runs SQL text: several statements when there are no parameters. */
export type PostgresRun = (
  text: string,
  parameters?: readonly (string | number)[],
) => Promise<readonly unknown[]>;

/** The database cannot be brought to this version's schema. The message says what to do. */
export class MigrationRefused extends Error {
  override readonly name = "MigrationRefused";
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

const READ = "select name, checksum from migrations order by name";

/**
 * Brings the schema up to date, one transaction a migration: a crash leaves a whole step or none of it. Another
 * connection that migrates at the same time waits, and finds nothing left to do.
 */
export function migrateSqlite(
  connection: Connection,
  { clock, log, list = migrations }: MigrateOptions,
): void {
  connection.run("pragma busy_timeout = 10000");
  connection.run(
    "create table if not exists migrations (name text not null primary key, checksum text not null, applied_at integer not null) strict",
  );
  const first = (): Migration | undefined =>
    pending(list, connection.query<Applied, []>(READ).all(), "sqlite")[0];
  for (let next = first(); next; next = first()) {
    const { name, sqlite, rebuilds } = next;
    // SQLite ignores this inside a transaction. Left on, dropping the old table would take its children along.
    connection.run(`pragma foreign_keys = ${rebuilds ? "off" : "on"}`);
    const done = alone(connection, () => {
      if (first()?.name !== name) return false;
      connection.run(sqlite);
      if (rebuilds && connection.query("pragma foreign_key_check").all().length > 0)
        throw new MigrationRefused(
          `Migration ${name} would leave rows that refer to nothing. It was rolled back.`,
        );
      connection.run("insert into migrations values (?, ?, ?)", [name, checksum(sqlite), clock.now()]);
      return true;
    });
    if (done) log.info("Migrated the database", { migration: name });
  }
  connection.run("pragma foreign_keys = on");
}

function alone<T>(connection: Connection, step: () => T): T {
  connection.run("begin immediate");
  try {
    const result = step();
    connection.run("commit");
    return result;
  } catch (error) {
    if (connection.inTransaction) connection.run("rollback");
    throw error;
  }
}

/** Any number that no other program locks on this server. */
const LOCK = 7_290_116_452;

/** The same on Postgres. Each step takes the lock anew, so it works through a transaction-pooling proxy too. */
export async function migratePostgres(
  runner: PostgresRunner,
  { clock, log, list = migrations }: MigrateOptions,
): Promise<void> {
  const step = async (run: PostgresRun): Promise<Migration | undefined> => {
    await run(`select pg_advisory_xact_lock(${LOCK})`);
    await run(
      'create table if not exists migrations (name text collate "C" primary key, checksum text not null, applied_at bigint not null)',
    );
    const next = pending(list, (await run(READ)).filter(isApplied), "postgres")[0];
    if (!next) return undefined;
    await run(next.postgres);
    await run("insert into migrations values ($1, $2, $3)", [
      next.name,
      checksum(next.postgres),
      clock.now(),
    ]);
    return next;
  };
  for (;;) {
    const done = await runner.begin(step);
    if (!done) return;
    log.info("Migrated the database", { migration: done.name });
  }
}

const isApplied = (row: unknown): row is Applied =>
  typeof row === "object" && row !== null && "checksum" in row;

/** What is still to be done. Refuses a database whose past differs from the list. */
function pending(
  list: readonly Migration[],
  applied: readonly Applied[],
  dialect: "sqlite" | "postgres",
): readonly Migration[] {
  for (const [i, { name, checksum: before }] of applied.entries()) {
    const known = list.find((one) => one.name === name);
    if (!known)
      throw new MigrationRefused(
        `The database is newer than this program: it has migration ${name}. Start the version that wrote it, or a later one, or restore a backup made before the upgrade.`,
      );
    if (known !== list[i])
      throw new MigrationRefused(
        `The database has migration ${name} but not ${list[i]?.name}. Restore a backup made by a released version.`,
      );
    if (before !== checksum(known[dialect]))
      throw new MigrationRefused(
        `Migration ${name} was edited after this database had run it. Use the release that made this database, or restore a backup.`,
      );
  }
  return list.slice(applied.length);
}

const checksum = (text: string): string =>
  new Bun.CryptoHasher("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
