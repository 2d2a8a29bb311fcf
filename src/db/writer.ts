import type { Database as Connection, Statement } from "bun:sqlite";
import type { Clock } from "../lib/clock.ts";
import type { Queries, Tx } from "./database.ts";
import { keepStatements } from "./statements.ts";
import { within } from "./within.ts";

export interface Writer {
  /**
   * Runs `work` in a transaction and commits it; nobody else may be writing. Whatever is thrown, by whomever,
   * nothing of it stays.
   */
  alone<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

interface WriterOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Longest that `work` may take. */
  readonly turnMs: number;
  /** Queries that compile their statements so. */
  queries(prepare: (text: string) => Statement): Queries;
}

/** How long another program's lock on the file is waited for: a person with the sqlite3 shell. */
const FOREIGN_LOCK_MS = 5000;

/** Drizzle's own `transaction` commits at the first `await` on bun:sqlite, so we speak BEGIN and COMMIT ourselves. */
export function openWriter({ connection, clock, turnMs, queries }: WriterOptions): Writer {
  const statement = keepStatements(connection);

  async function alone<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let live = true;
    const tx = queries((text) => {
      // A query that is awaited too late would be a transaction of its own, or part of somebody else's.
      if (!live) throw new Error("A transaction was used after its end. Await every query inside its work.");
      return statement(text);
    });
    await begin(connection);
    try {
      const result = await within(turnMs, work(Object.assign(tx, { now: clock.now() })));
      live = false;
      connection.run("commit");
      return result;
    } finally {
      live = false;
      if (connection.inTransaction) connection.run("rollback");
    }
  }
  return { alone };
}

async function begin(connection: Connection): Promise<void> {
  const until = performance.now() + FOREIGN_LOCK_MS;
  for (;;) {
    try {
      connection.run("begin immediate");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await Bun.sleep(20);
    }
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
