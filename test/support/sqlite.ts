import { Database as Connection } from "bun:sqlite";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/db/migrate.ts";
import type { WalThreads } from "../../src/db/wal-thread.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

let template: string | null = null;

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
  abandon: () => {},
});

const NAME = "waypost-test-";
let mine: string | null = null;

/** A folder of its own for one test. A test run has no last moment to tidy in, so the next run does it. */
export function freshFolder(): string {
  mine ??= begin();
  return mkdtempSync(join(mine, "t"));
}

function begin(): string {
  // Named by a process and nothing else: what other tests have made under such a name may be in use.
  for (const name of readdirSync(tmpdir()))
    if (/^waypost-test-\d+$/.test(name) && !isAlive(Number(name.slice(NAME.length))))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  const folder = join(tmpdir(), `${NAME}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
