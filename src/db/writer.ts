import type { Database as Connection, Statement } from "bun:sqlite";
import type { Clock } from "../lib/clock.ts";
import type { Build, Queries, Tx } from "./database.ts";
import type { Tables } from "./schema/tables.ts";
import type { Statements } from "./statements.ts";
import { within } from "./within.ts";

export interface Writer {
  /**
   * Runs `work` in a transaction; nobody else may be writing. Whatever is thrown, by whomever, nothing of it stays.
   * Those who wait in line for the writer share a commit: it writes each page once for all of them. `committed`
   * resolves when the work has been committed, and rejects when it is lost with the others.
   */
  alone<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; committed: Promise<void> }>;
}

interface Group {
  size: number;
  readonly committed: PromiseWithResolvers<void>;
}

/** Nobody waits for more than so many others. */
const GROUP_MAX = 16;

interface WriterOptions {
  readonly connection: Connection;
  readonly statements: Statements;
  readonly clock: Clock;
  /** Longest that `work` may take. */
  readonly turnMs: number;
  readonly tables: Tables;
  /** Throws when nothing may be written any more. Asked when the turn comes. */
  refuse(): void;
  /** Whether another transaction waits right behind. */
  nextJoins(): boolean;
  /** Queries that compile their statements so. */
  queries(prepare: (text: string) => Statement): Queries;
}

interface Compiled {
  execute(parameters: Record<string, unknown>): unknown[];
}

/** How long another program's lock on the file is waited for: a person with the sqlite3 shell. */
const FOREIGN_LOCK_MS = 5000;

/** Drizzle's own `transaction` commits at the first `await` on bun:sqlite, so we speak BEGIN and COMMIT ourselves. */
export function openWriter({
  connection,
  statements,
  tables,
  clock,
  turnMs,
  refuse,
  nextJoins,
  queries,
}: WriterOptions): Writer {
  const compiled = new Map<Build<unknown>, Compiled>();

  function compile(build: Build<unknown>): Compiled {
    const query = build(queries(statements.lasting), tables).prepare() as Compiled;
    compiled.set(build, query);
    return query;
  }

  let group: Group | null = null;

  async function alone<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; committed: Promise<void> }> {
    try {
      refuse();
      const { committed } = await join();
      return { result: await inside(work), committed: committed.promise };
    } finally {
      if (group && (group.size >= GROUP_MAX || !nextJoins())) commit(group);
    }
  }

  async function join(): Promise<Group> {
    if (group === null) {
      await begin(connection);
      group = { size: 0, committed: Promise.withResolvers<void>() };
      group.committed.promise.catch(() => {});
    }
    group.size++;
    return group;
  }

  function commit({ committed }: Group): void {
    group = null;
    try {
      connection.run("commit");
      committed.resolve();
    } catch (error) {
      if (connection.inTransaction) connection.run("rollback");
      committed.reject(error);
    }
  }

  /** One of a group takes back what is his alone; where SQLite has given up the whole, it is lost to all. */
  function takeBack(error: unknown): void {
    if (connection.inTransaction) {
      connection.run("rollback to one");
      connection.run("release one");
    } else {
      group?.committed.reject(error);
      group = null;
    }
  }

  async function inside<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let live = true;
    const check = () => {
      // A query that is awaited too late would be a transaction of its own, or part of somebody else's.
      if (!live) throw new Error("A transaction was used after its end. Await every query inside its work.");
    };
    let made: Queries | null = null;
    const ad = () => {
      made ??= queries((text) => {
        check();
        return statements.passing(text);
      });
      return made;
    };
    // Drizzle is made only for whom it serves: many transactions run nothing but compiled queries.
    const tx = {
      now: clock.now(),
      run: async (build: Build<unknown>, parameters: Record<string, unknown>) => {
        check();
        return (compiled.get(build) ?? compile(build)).execute(parameters);
      },
      select: (...parts: Parameters<Queries["select"]>) => ad().select(...parts),
      selectDistinct: (...parts: Parameters<Queries["selectDistinct"]>) => ad().selectDistinct(...parts),
      $count: (...parts: Parameters<Queries["$count"]>) => ad().$count(...parts),
      insert: (...parts: Parameters<Queries["insert"]>) => ad().insert(...parts),
      update: (...parts: Parameters<Queries["update"]>) => ad().update(...parts),
      delete: (...parts: Parameters<Queries["delete"]>) => ad().delete(...parts),
    } as unknown as Tx;
    connection.run("savepoint one");
    try {
      const result = await within(turnMs, work(tx));
      live = false;
      connection.run("release one");
      return result;
    } catch (error) {
      live = false;
      takeBack(error);
      throw error;
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
