import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { syncFolder } from "../journal/segment.ts";

/** Blobs of a block lie on fewer, larger pages: their chains are followed faster. */
const PAGE_BYTES = 16_384;
/** Pages of write-ahead log before it is brought into the file: 64 MB. */
const CHECKPOINT_PAGES = 4096;
const CACHE_KB = 32_000;

/** `clicks.db` in the data folder. */
export interface ClicksFile {
  readonly db: Database;
  /** Runs `work` in a transaction of its own; `undone` when it was rolled back. */
  transaction(work: () => void, undone: () => void): void;
  /** Resolves when every commit so far survives a power cut. */
  durable(): Promise<void>;
  close(): void;
}

/**
 * Commits are not synced one by one: the journal still holds what a power cut takes back, until `durable` has resolved.
 * @throws when the file is damaged
 */
export function openFile(dataDir: string): ClicksFile {
  const path = join(dataDir, "clicks.db");
  const db = open(path);
  let walIsDoubtful = false;
  let isNameSynced = false;
  return {
    db,
    transaction(work, undone) {
      db.run("begin immediate");
      try {
        work();
        db.run("commit");
      } catch (error) {
        if (db.inTransaction) db.run("rollback");
        undone();
        throw error;
      }
    },
    async durable() {
      if (!walIsDoubtful) {
        try {
          syncFile(`${path}-wal`);
          // The name of a log that was made since the file was opened.
          if (!isNameSynced) syncFolder(dataDir);
          isNameSynced = true;
          return;
        } catch {
          // A second sync of the same file would succeed and prove nothing.
          walIsDoubtful = true;
        }
      }
      const [result] = db.query<{ busy: number }, []>("pragma wal_checkpoint(truncate)").all();
      if (result?.busy !== 0)
        throw new Error("clicks.db could not be brought up to date: it is in use elsewhere.");
      walIsDoubtful = false;
    },
    close() {
      db.run("pragma wal_checkpoint(truncate)");
      db.close(true);
    },
  };
}

function syncFile(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function open(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  try {
    // auto_vacuum off and secure_delete fast: forgotten clicks are overwritten where that costs no extra page.
    for (const pragma of [
      `page_size = ${PAGE_BYTES}`,
      "journal_mode = wal",
      "synchronous = normal",
      "secure_delete = fast",
      "temp_store = memory",
      `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      `cache_size = -${CACHE_KB}`,
    ])
      db.run(`pragma ${pragma}`);
    return db;
  } catch (error) {
    db.close();
    if (!["SQLITE_NOTADB", "SQLITE_CORRUPT"].includes(String((error as { code?: unknown }).code)))
      throw error;
    throw new Error(
      `${path} is damaged or no database. Restore it from a backup, or move it away: clicks are then counted from nothing, and links are not touched.`,
      { cause: error },
    );
  }
}
