import type { Database as Connection, Statement } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { openCheckpoints } from "./checkpoints.ts";
import type { Build, Database, Queries, Tx } from "./database.ts";
import { openDurability } from "./durability.ts";
import { sqliteKit } from "./kit.ts";
import { defineTables } from "./schema/tables.ts";
import { connectReader, connectWriter, touch } from "./sqlite-connections.ts";
import { isFatal, refusal } from "./sqlite-failures.ts";
import { openStatements } from "./statements.ts";
import { notNested, openTurns } from "./turns.ts";
import { startWalThreads, type WalThreads } from "./wal-thread.ts";
import { openWriter } from "./writer.ts";

export interface SqliteOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Longest a transaction may take, waiting for its turn not counted. */
  readonly turnMs?: number;
  /** Tests bring a disk that fails, or none. */
  readonly startThreads?: (path: string) => Promise<WalThreads>;
  /** Sizes of the write-ahead log at which it is copied and emptied; tests make them small. */
  readonly checkpointAt?: { readonly copyBytes: number; readonly emptyBytes: number };
}

const TURN_MS = 30_000;
const PROBE_MS = 1000;

/**
 * SQLite with one writer, whose transactions take turns, and one reader. A turn ends with its COMMIT, and its
 * answer goes out after the next sync of the write-ahead log, which a thread does for all that are waiting.
 */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const { path, clock, log, turnMs = TURN_MS, startThreads = startWalThreads } = options;
  const connection = connectWriter(path);
  const threads = await startThreads(path).catch((error: unknown) => {
    connection.close();
    throw error;
  });
  const reader = connectReader(path);
  const statements = { reader: openStatements(reader), writer: openStatements(connection) };
  const read = queries(statements.reader.passing);
  const turns = openTurns(() => writer.finish());
  const tables = defineTables(sqliteKit);
  const writer = openWriter({
    connection,
    statements: statements.writer,
    tables,
    clock,
    turnMs,
    refuse: refuseAfterFailure,
    nextJoins: turns.nextJoins,
    isSyncing: () => durability.isSyncing(),
    askTurn,
    queries,
  });
  const durability = openDurability({
    threads,
    log,
    onSize: (bytes) => checkpoints.onSize(bytes),
    // Whoever has written meanwhile is committed, and goes with the next one.
    onSynced: () => {
      if (writer.isOpen()) askTurn();
    },
    onFailure: letNobodyCheckpoint,
  });
  const checkpoints = openCheckpoints({
    threads,
    turns,
    log,
    fail: durability.fail,
    ...options.checkpointAt,
  });
  let refused: AppError | null = null;
  let closing: Promise<void> | null = null;

  async function stored<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (closing !== null) throw shuttingDown();
    try {
      const joined = await turns.take(() => writer.alone(work), "joins");
      await joined.committed;
      await durability.settle();
      return joined.result();
    } catch (error) {
      throw judged(error);
    }
  }

  /** Committed, and on the disk with the next sync: nobody is told of it before. */
  async function each<Row>(
    build: Build<Row>,
    parameters: readonly Record<string, unknown>[],
  ): Promise<Row[][]> {
    try {
      const work = async (tx: Tx) => {
        const rows: Row[][] = [];
        for (const one of parameters) rows.push(await tx.run(build, one));
        return rows;
      };
      const joined = await turns.take(() => writer.alone(work, { isUrgent: true }), "joins");
      await joined.committed;
      durability.settle().catch(() => {});
      return joined.result();
    } catch (error) {
      throw judged(error);
    }
  }

  /** What is open is committed before it. */
  function askTurn(): void {
    void turns.take(async () => {});
  }

  /** Asked when the turn comes: the disk may have failed while we were waiting for it. */
  function refuseAfterFailure(): void {
    const failure = durability.failure();
    if (failure) throw failure;
  }

  function judged(error: unknown): unknown {
    if (isFatal(error)) durability.fail(error);
    const failure = durability.failure();
    if (failure) return failure;
    const refusedNow = refusal(error);
    if (!refusedNow) return error;
    if (!refused) probeUntilItWorks();
    refused = refusedNow;
    return refused;
  }

  /** Nobody may try a write while `problem` warns of it, so we try ourselves. */
  function probeUntilItWorks(): void {
    log.error("Storage refuses changes; it is tried again every second");
    const timer = setInterval(async () => {
      try {
        await turns.take(async () => touch(connection));
        await durability.settle();
        log.info("Storage takes changes again");
        refused = null;
        clearInterval(timer);
      } catch (error) {
        if (closing !== null || durability.failure()) clearInterval(timer);
        else judged(error);
      }
    }, PROBE_MS);
    timer.unref();
  }

  /**
   * What is in the log may not be on the disk, so nothing may be copied from it over the database file. When the
   * process ends Bun checkpoints every connection that is still open, in the order they were opened: the writer
   * cannot, inside a transaction, and the reader, which is the last to be closed, has no right to write.
   */
  function letNobodyCheckpoint(failure: AppError): void {
    threads.abandon();
    const hold = async () => {
      writer.abandon(failure);
      connection.run("begin immediate");
    };
    turns.take(hold, "joins").catch(() => {});
  }

  async function end(): Promise<void> {
    await turns.take(async () => {});
    await turns.idle();
    await checkpoints.stop();
    await durability.settle().catch(() => {});
    if (durability.failure() === null) await threads.close().catch(durability.fail);
    if (durability.failure() !== null) return void abandoned.push(connection, reader);
    statements.reader.finalize();
    statements.writer.finalize();
    reader.close();
    connection.close();
  }

  return {
    dialect: "sqlite",
    tables,
    read,
    transaction: (work) => notNested(() => stored(work)),
    each(build, parameters) {
      if (closing !== null) return Promise.reject(shuttingDown());
      return notNested(() => each(build, parameters));
    },
    signals: null,
    prepare(build) {
      const query = build(queries(statements.reader.lasting)).prepare() as {
        get(parameters: Record<string, unknown>): never;
      };
      return (parameters) => query.get(parameters);
    },
    log: checkpoints.state,
    problem: () => (durability.failure() ?? refused)?.message ?? null,
    close() {
      closing ??= end();
      return closing;
    },
  };
}

const shuttingDown = () => new AppError("UNAVAILABLE", "The server is shutting down. Try again in a moment.");

/** Connections of a database that has failed. Collected as garbage they would be closed after all. */
const abandoned: Connection[] = [];

/** Drizzle asks its client for compiled statements and nothing else. */
const queries = (prepare: (text: string) => Statement): Queries =>
  drizzle({ prepare } as unknown as Connection) as unknown as Queries;
