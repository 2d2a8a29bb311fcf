import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { isBefore } from "../journal/control.ts";
import { syncFolder } from "../journal/segment.ts";
import type { ClickStore, JournalPosition, LinkTotals } from "../store.ts";
import { openAppend } from "./append.ts";
import { openBuried } from "./buried.ts";
import { openChanges } from "./changes.ts";
import { openDictionary } from "./dictionary.ts";
import { forget } from "./forget.ts";
import { openLedger } from "./ledger.ts";
import { migrate } from "./migrate.ts";
import { answer } from "./query.ts";
import { readTotals } from "./totals.ts";

/** Pages of write-ahead log before it is brought into the file: 64 MB. */
const CHECKPOINT_PAGES = 16_384;
const CACHE_KB = 32_000;

/**
 * The click store on rows of SQLite, `clicks.db` in the data folder. Commits are not synced one by one: the
 * journal still holds what a power cut takes back, until `durable` has resolved.
 * @throws when the file is damaged or was made by a newer version
 */
export function openRows(dataDir: string): ClickStore {
  const path = join(dataDir, "clicks.db");
  const db = open(path);
  migrate(db);

  const dictionary = openDictionary(db);
  const read = db.prepare<JournalPosition, []>('select segment, "offset" from position');
  const sequence = db.prepare<{ sequence: number }, []>("select sequence from position");
  const changes = openChanges(sequence.get()!.sequence);
  const append = openAppend(db, dictionary, changes);
  const totals = readTotals(db, changes);
  const buried = openBuried();
  const ledger = openLedger(db);
  const move = db.prepare<unknown, [number, number]>('update position set segment = ?, "offset" = ?');
  let last = read.get()!;
  let walIsDoubtful = false;
  let isNameSynced = false;

  function transaction(work: () => void): void {
    db.run("begin immediate");
    try {
      work();
      db.run("commit");
    } catch (error) {
      if (db.inTransaction) db.run("rollback");
      // What memory learned from it is not on disk.
      dictionary.forget();
      changes.restart(sequence.get()!.sequence);
      throw error;
    }
  }

  return {
    async append(clicks, upTo) {
      let reached = last;
      transaction(() => {
        const stored = read.get()!;
        if (stored.segment !== last.segment || stored.offset !== last.offset)
          throw new Error("Another process has folded clicks into this data folder.");
        if (!isBefore(stored, upTo)) return;
        append(clicks);
        ledger.record(clicks);
        move.run(upTo.segment, upTo.offset);
        reached = { segment: upTo.segment, offset: upTo.offset };
      });
      last = reached;
    },
    position: async () => last,
    sequence: async () => sequence.get()!.sequence,
    query: async (question) => answer(db, question),
    totals: async (linkIds) => totals.of(linkIds),
    totalsSince: async (after, limit) => buried.among(totals.since(after, limit), after, limit),
    note: async (run, dropped) => transaction(() => ledger.note(run, dropped)),
    ledger: async (workspaceId, from, to) => ledger.of(workspaceId, from, to),
    async forget(what) {
      let gone: LinkTotals[] = [];
      transaction(() => {
        gone = forget(db, what);
        if (what.linkId === undefined) ledger.forget(what.workspaceId, what.before);
      });
      buried.add(gone);
      // It knows numbers of links that are no more.
      dictionary.forget();
      changes.restart(sequence.get()!.sequence);
    },
    settled: async () => {},
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
    async close() {
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
