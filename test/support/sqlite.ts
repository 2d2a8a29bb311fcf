import { Database as Connection } from "bun:sqlite";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/db/migrate.ts";
import type { WalThreads } from "../../src/db/wal-thread.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

let template: string | null = null;

/** A folder of its own for one test; gone when the test run ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "waypost-test-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a fresh, migrated SQLite database: the copy of one made once. */
export function freshSqlite(): string {
  template ??= migratedFile();
  const path = join(freshFolder(), "waypost.db");
  copyFileSync(template, path);
  return path;
}

function migratedFile(): string {
  const path = join(freshFolder(), "template.db");
  const connection = new Connection(path, { create: true });
  migrateSqlite(connection, { clock: systemClock, log: silentLog });
  connection.close();
  return path;
}

/** No threads, for tests that have no power cuts: nothing is synced and nothing checkpointed. */
export const idleThreads = async (): Promise<WalThreads> => ({
  sync: async () => 0,
  copy: async () => 0,
  empty: async () => true,
  close: async () => {},
});
