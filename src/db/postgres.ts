import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Build, Database, Queries, Signals, Tx } from "./database.ts";
import { postgresKit } from "./kit.ts";
import { openPostgresHealth, type PostgresHealth } from "./postgres-health.ts";
import { runAgain } from "./run-again.ts";
import { defineTables } from "./schema/tables.ts";
import { notNested } from "./turns.ts";
import { within } from "./within.ts";

export interface PostgresOptions {
  /** Whichever driver speaks to the server. */
  readonly client: PgDatabase<PgQueryResultHKT>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Longest one run of a transaction may take. */
  readonly workMs?: number;
  /** Null where nobody else can be on the database. */
  readonly signals: Signals | null;
  /** Asks the server for a sign of life. */
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

const WORK_MS = 30_000;
/** Statements that wait for no answer of the one before. */
const SENT_AT_ONCE = 200;

/**
 * Transactions are serializable and run again when Postgres asks for it, so that a verb means the same here as
 * on SQLite, where writers take turns. (With the default isolation, 2 of 40 parallel read-wait-write
 * transactions counted.) `work` must therefore touch nothing but `tx`.
 */
export function openPostgres({
  client,
  clock,
  log,
  workMs = WORK_MS,
  signals,
  ping,
  close,
}: PostgresOptions): Database {
  const tables = defineTables(postgresKit);
  const health = openPostgresHealth({ ping, log });
  const unwatched = client as unknown as Queries;
  const read = watched(client, health) as unknown as Queries;
  let closing: Promise<void> | null = null;

  const compiled = new Map<Build<unknown>, Compiled>();

  function compile<Row>(build: Build<Row>): Compiled {
    const query = compiled.get(build) ?? (build(unwatched, tables).prepare() as Compiled);
    compiled.set(build, query);
    return query;
  }

  const once = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    client.transaction(
      (tx) => {
        const queries = Object.create(tx) as Queries;
        // A compiled query belongs to the pool. The same one, asked through the transaction's own connection, is
        // part of the transaction: putting it together anew costs more than the server takes to run it.
        const { client: own } = (tx as unknown as { session: { client: unknown } }).session;
        const run: Tx["run"] = (build, parameters) =>
          Object.assign(Object.create(compile(build)) as Compiled, { client: own }).execute(
            parameters,
          ) as Promise<never[]>;
        const runEach: Tx["runEach"] = async (build, parameters) => {
          for (let i = 0; i < parameters.length; i += SENT_AT_ONCE)
            await Promise.all(parameters.slice(i, i + SENT_AT_ONCE).map((one) => run(build, one)));
        };
        return within(workMs, work(Object.assign(queries, { now: clock.now(), run, runEach, known: run })));
      },
      { isolationLevel: "serializable" },
    );

  async function stored<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (closing !== null) throw shuttingDown();
    try {
      return await runAgain(() => once(work));
    } catch (error) {
      throw health.judged(error);
    }
  }

  /** A statement without a transaction is one of its own, and may take any connection of the pool. */
  async function each<Row>(
    build: Build<Row>,
    parameters: readonly Record<string, unknown>[],
  ): Promise<Row[][]> {
    const query = compile(build);
    try {
      return await Promise.all(parameters.map((one) => runAgain(() => query.execute(one) as Promise<Row[]>)));
    } catch (error) {
      throw health.judged(error);
    }
  }

  return {
    dialect: "postgres",
    tables,
    read,
    transaction: (work) => notNested(() => stored(work)),
    each(build, parameters) {
      if (closing !== null) return Promise.reject(shuttingDown());
      return notNested(() => each(build, parameters));
    },
    signals,
    prepare(build) {
      const query = build(read).prepare() as {
        execute(parameters: Record<string, unknown>): Promise<never[]>;
      };
      return async (parameters) => (await query.execute(parameters))[0];
    },
    problem: health.problem,
    log: () => null,
    close() {
      health.stop();
      closing ??= close();
      return closing;
    },
  };
}

/** What drizzle's prepared query is to us: it asks its `client`, whichever driver's. */
interface Compiled {
  client: unknown;
  execute(parameters: Record<string, unknown>): Promise<unknown[]>;
}

const shuttingDown = () => new AppError("UNAVAILABLE", "The server is shutting down. Try again in a moment.");

/** The part of drizzle's session that every query goes through. */
interface Session {
  prepareQuery(...given: unknown[]): { execute(...given: unknown[]): Promise<unknown> };
}

/** The same client, whose queries tell the health when the server is away: plain reads are the first to find out. */
function watched(client: PgDatabase<PgQueryResultHKT>, health: PostgresHealth): PgDatabase<PgQueryResultHKT> {
  const { session } = client as unknown as { session: Session };
  const watching: Session = Object.create(session);
  watching.prepareQuery = (...given) => {
    const query = session.prepareQuery(...given);
    const execute = query.execute.bind(query);
    query.execute = (...values) =>
      execute(...values).catch((error: unknown) => {
        throw health.judged(error);
      });
    return query;
  };
  return Object.create(client, { session: { value: watching } });
}
