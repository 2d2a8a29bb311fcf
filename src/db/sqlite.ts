import { Database as Connection } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Database, Queries, Tx } from "./database.ts";
import { isDiskFull } from "./errors.ts";
import { sqliteKit } from "./kit.ts";
import { defineTables } from "./schema/tables.ts";

export interface SqliteOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * One connection writes and another reads. Drizzle's own `transaction` commits at the first `await` on
 * bun:sqlite, so we take turns on the writer and speak BEGIN and COMMIT ourselves.
 */
export function openSqlite({ path, clock }: SqliteOptions): Database {
  const writer = new Connection(path, { create: true, strict: true });
  writer.run("pragma journal_mode = wal");
  writer.run("pragma synchronous = full");
  writer.run("pragma foreign_keys = on");
  writer.run("pragma busy_timeout = 5000");
  const reader = new Connection(path, { readonly: true, strict: true });
  reader.run("pragma busy_timeout = 5000");
  const write = drizzle(writer) as unknown as Queries;
  const read = drizzle(reader) as unknown as Queries;
  let turn: Promise<unknown> = Promise.resolve();

  async function alone<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    writer.run("begin immediate");
    try {
      const result = await work(Object.assign(Object.create(write) as Queries, { now: clock.now() }));
      writer.run("commit");
      return result;
    } catch (error) {
      if (writer.inTransaction) writer.run("rollback");
      if (isDiskFull(error))
        throw new AppError("INSUFFICIENT_STORAGE", "The disk is full. Free some space and try again.", {
          cause: error,
        });
      throw error;
    }
  }

  return {
    dialect: "sqlite",
    tables: defineTables(sqliteKit),
    read,
    transaction(work) {
      const mine = turn.then(() => alone(work));
      turn = mine.catch(() => {});
      return mine;
    },
    prepare(build) {
      const query = build(read).prepare() as { get(parameters: Record<string, unknown>): never };
      return (parameters) => query.get(parameters);
    },
    problem: () => null,
    async close() {
      await turn;
      reader.close();
      writer.close();
    },
  };
}
