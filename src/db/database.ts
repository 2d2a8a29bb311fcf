import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import type { Tables } from "./schema/tables.ts";

export type Queries = BaseSQLiteDatabase<"async", unknown>;

/** What a feature may ask of storage. It never learns which dialect answers. */
export interface Database {
  readonly dialect: "sqlite" | "postgres";
  readonly tables: Tables;
  readonly read: Pick<Queries, "select" | "selectDistinct" | "$count">;
  /**
   * Runs `work` alone and whole: all of it is stored, or none. Writing is possible nowhere else. Resolves when
   * the work would survive a power cut. `work` touches nothing but `tx`, because it may be run again.
   * @throws AppError UNAVAILABLE when storage has failed, INSUFFICIENT_STORAGE when the disk is full
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs one statement with each of the parameters, every time whole by itself, in no order: claims, leases, counters.
   * In a transaction, which is serializable on Postgres, processes that meet there would refuse each other. Resolves
   * when all are committed, and does not wait until they would survive a power cut.
   */
  each<Row>(build: Build<Row>, parameters: readonly Record<string, unknown>[]): Promise<Row[][]>;
  /** How processes on one database wake each other; null where there is only one. */
  readonly signals: Signals | null;
  /**
   * Compiles a query once, for the redirect's path. `build` marks its parameters with `sql.placeholder(name)`.
   * The lookup answers the first row at once on SQLite, and by a promise on Postgres.
   */
  prepare<Row>(build: (read: Database["read"]) => Preparable<Row>): Lookup<Row>;
  /** A sentence for the operator when storage no longer takes writes; null when all is well. */
  problem(): string | null;
  /** The write-ahead log of SQLite; null where there is none of ours. */
  log(): { readonly walBytes: number; readonly starved: boolean } | null;
  close(): Promise<void>;
}

/** Words between processes. One may be lost, so nothing may hang on them but haste. */
export interface Signals {
  send(channel: string, text: string): void;
  /** `hear` is told what is sent from now on, by this process too. Resolves to what ends it. */
  listen(channel: string, hear: (text: string) => void): Promise<() => Promise<void>>;
}

/** A drizzle select, whichever dialect built it. */
export interface Preparable<Row> {
  prepare(): unknown;
  readonly _: { readonly result: Row[] };
}
export type Lookup<Row> = (parameters: Record<string, unknown>) => Row | undefined | Promise<Row | undefined>;

/** A transaction carries the one moment at which everything in it happened. */
export interface Tx
  extends Pick<Queries, "select" | "selectDistinct" | "$count" | "insert" | "update" | "delete"> {
  readonly now: number;
  /**
   * Runs a query that is put together once and not each time: for writes at volume, where drizzle's building costs
   * more than the database's work. `build` is a constant of the module it stands in; parameters are
   * `sql.placeholder(name)`.
   */
  run<Row>(build: Build<Row>, parameters: Record<string, unknown>): Promise<Row[]>;
  /**
   * The same with each of many parameters, in their order on SQLite, and all on their way at once on Postgres. Whoever
   * reads has a word in between. For queries that answer no rows.
   */
  runEach(build: Build, parameters: readonly Record<string, unknown>[]): Promise<void>;
  /**
   * The same for a read that goes with every write, of what seldom changes: SQLite's one writer remembers the rows until
   * such a table is written to. Never of what is written at volume (links, events, jobs …).
   */
  known<Row>(build: Build<Row>, parameters: Record<string, unknown>): Promise<readonly Row[]>;
}

export type Build<Row = never> = (
  queries: Pick<Queries, "select" | "insert" | "update" | "delete">,
  tables: Tables,
) => Preparable<Row> | { prepare(): unknown };
