import { existsSync } from "node:fs";
import { join } from "node:path";
import { connectBunSql } from "../../db/bun-sql.ts";
import { STARVED_BYTES } from "../../db/checkpoints.ts";
import { type Inspected, inspectSqlite } from "../../db/inspect.ts";
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
  return inspecting(path, "clicks", "number", (found) => [
    ok("clicks", `SQLite ${path}`),
    ...log(path, found),
  ]);
}

function onSqlite(dataDir: string): Finding[] {
  const path = join(dataDir, "waypost.db");
  if (!existsSync(path)) return [ok("database", "SQLite; it will be made at the first start.")];
  return inspecting(path, "database", "name", (found) => [
    ok("database", `SQLite ${path}`),
    schema(found.migrations.map(String)),
    ...log(path, found),
  ]);
}

function inspecting(
  path: string,
  check: string,
  column: "name" | "number",
  told: (found: Inspected) => Finding[],
): Finding[] {
  try {
    return told(inspectSqlite(path, column));
  } catch (error) {
    return [fail(check, `${path} cannot be read: ${(error as Error).message}.`, RESTORE)];
  }
}

/** A log that is not emptied has a reader that never ends. */
const log = (path: string, { walBytes }: Inspected): Finding[] =>
  walBytes < STARVED_BYTES
    ? []
    : [
        warn(
          "write-ahead log",
          `${path}-wal has grown to ${Math.round(walBytes / 1e6)} MB: something has been reading the database for long.`,
          "End what reads it (a copy, a shell, a backup tool: see `fuser` or `lsof`); it is then emptied by itself.",
        ),
      ];

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
