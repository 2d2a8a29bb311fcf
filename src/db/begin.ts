import type { Statement } from "bun:sqlite";

/** How long another program's lock on the file is waited for: a person with the sqlite3 shell. */
const FOREIGN_LOCK_MS = 5000;

/** Runs `begin immediate`, once nobody else holds the file. */
export async function begin(statement: Statement): Promise<void> {
  const until = performance.now() + FOREIGN_LOCK_MS;
  for (;;) {
    try {
      statement.run();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await Bun.sleep(20);
    }
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
