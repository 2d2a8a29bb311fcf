import type { Database as Connection } from "bun:sqlite";
import { connectCheckpointer, connectReader, touch } from "./sqlite-connections.ts";

/** Moves what was committed from the write-ahead log into the database file. */
export interface Checkpointer {
  /**
   * Copies what no reader still needs, beside the writer. Answers how many pages are left: those that were
   * written meanwhile, and those that a reader holds back.
   */
  copy(): number;
  /** Copies the rest and empties the log; nobody may be writing. False when a reader is in the way. */
  empty(): boolean;
  close(): void;
}

/**
 * When everything is copied and nobody reads, SQLite's next writer starts the log over from its beginning, and
 * has to sync the new header before it goes on: an fsync on the main thread. So one of two connections always
 * holds a read mark in the log, which forbids that, and only `empty` starts it over: it writes the header and
 * one frame itself.
 */
export function openCheckpointer(path: string): Checkpointer {
  const connection = connectCheckpointer(path);
  let pin = connectReader(path);
  let spare = connectReader(path);
  let pinned = false;

  const unpin = (): void => {
    if (pinned) pin.run("rollback");
    pinned = false;
  };
  /** Moves the read mark to the end of the log, without a moment in which there is none. */
  const movePin = (): void => {
    hold(spare);
    unpin();
    [pin, spare, pinned] = [spare, pin, true];
  };

  const empty = (): boolean => {
    unpin();
    const { busy } = checkpoint(connection, "truncate");
    if (busy === 0) touch(connection);
    movePin();
    return busy === 0;
  };
  // What a crash has left behind may never have been synced.
  empty();

  return {
    empty,
    copy() {
      movePin();
      const { log, checkpointed } = checkpoint(connection, "passive");
      return log - checkpointed;
    },
    close() {
      unpin();
      pin.close();
      spare.close();
      checkpoint(connection, "truncate");
      connection.close();
    },
  };
}

function hold(connection: Connection): void {
  connection.run("begin");
  connection.query("select 1 from sqlite_schema limit 1").values();
}

interface CheckpointAnswer {
  /** 0 when it was done to the end. */
  readonly busy: number;
  /** Pages in the log, and how many of them are in the database file. */
  readonly log: number;
  readonly checkpointed: number;
}

function checkpoint(connection: Connection, mode: "passive" | "truncate"): CheckpointAnswer {
  const answer = connection.query<CheckpointAnswer, []>(`pragma wal_checkpoint(${mode})`).get();
  return answer ?? { busy: 1, log: 0, checkpointed: 0 };
}
