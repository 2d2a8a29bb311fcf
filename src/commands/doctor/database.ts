import { Database as Connection } from "bun:sqlite";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { connectBunSql } from "../../db/bun-sql.ts";
import { migrations } from "../../db/migrations.ts";
import { silentLog } from "../../lib/log.ts";
import { type Finding, fail, ok, type Patient, warn } from "./finding.ts";

const READ = "select name from migrations order by name";
const RESTORE = "Restore a backup, or start the version that wrote it.";

/** The database answers, and its schema is this version's. Nothing is migrated here. */
export async function checkDatabase({ config, dataDir }: Patient): Promise<Finding[]> {
  const url = config.WAYPOST_DATABASE_URL;
  return [...(url === null ? onSqlite(dataDir) : await onPostgres(url)), ...checkClicks(dataDir)];
}

/** Clicks have a file of their own, wherever the links are. */
function checkClicks(dataDir: string): Finding[] {
  const path = join(dataDir, "clicks.db");
  if (!existsSync(path)) return [];
  return reading(path, "clicks", (connection) => {
    connection.query("select number from migrations").all();
    return [ok("clicks", `SQLite ${path}`)];
  });
}

function onSqlite(dataDir: string): Finding[] {
  const path = join(dataDir, "waypost.db");
  if (!existsSync(path)) return [ok("database", "SQLite; it will be made at the first start.")];
  return reading(path, "database", (connection) => {
    const applied = connection.query<{ name: string }, []>(READ).all();
    return [ok("database", `SQLite ${path}`), schema(applied.map(({ name }) => name))];
  });
}

function reading(path: string, check: string, look: (connection: Connection) => Finding[]): Finding[] {
  let connection: Connection | null = null;
  try {
    connection = new Connection(path, { readonly: true });
    return look(connection);
  } catch (error) {
    return [fail(check, `${path} cannot be read: ${(error as Error).message}.`, RESTORE)];
  } finally {
    connection?.close();
  }
}

async function onPostgres(url: string): Promise<Finding[]> {
  // Its failures say which server, why, and what to do, without the password.
  const sql = await connectBunSql({ url, log: silentLog, connectMs: 5000, connectionsMax: 1 }).catch(
    (error: unknown) => error as Error,
  );
  if (sql instanceof Error)
    return [fail("database", sql.message, "Start the server, or correct WAYPOST_DATABASE_URL.")];
  try {
    const [there] = await sql`select to_regclass('migrations') as found`;
    const applied: { name: string }[] = there?.found ? await sql.unsafe(READ) : [];
    return [ok("database", "Postgres answers."), schema(applied.map(({ name }) => name))];
  } finally {
    await sql.close();
  }
}

function schema(applied: readonly string[]): Finding {
  const known = migrations.map(({ name }) => name);
  const foreign = applied.filter((name) => !known.includes(name));
  if (foreign.length > 0)
    return fail("migrations", `The database is newer than this program: ${foreign.join(", ")}.`, RESTORE);
  const missing = known.filter((name) => !applied.includes(name));
  return missing.length === 0
    ? ok("migrations", `Up to date: ${known.at(-1)}.`)
    : warn(
        "migrations",
        `To be done: ${missing.join(", ")}.`,
        "Run waypost migrate; serve does it too when it starts.",
      );
}
