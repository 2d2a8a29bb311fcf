import { SQL } from "bun";
import type { Logger } from "../lib/log.ts";
import type { Signals } from "./database.ts";
import type { PostgresRunner } from "./migrate.ts";
import { isUnavailable } from "./postgres-health.ts";

/** The server cannot be used. The message says which one, why, and what to do; it holds no password. */
export class DatabaseUnusable extends Error {
  override readonly name = "DatabaseUnusable";
}

export interface ConnectOptions {
  /** `postgres://user:password@host:5432/name` */
  readonly url: string;
  readonly log: Logger;
  readonly connectMs?: number;
  readonly connectionsMax?: number;
}

const CONNECT_MS = 10_000;
const STATEMENT_MS = 30_000;
const CONNECTIONS_MAX = 20;

/** A pool of connections to a server that was reached and is fit for use. A server that is starting is waited for. */
export async function connectBunSql({
  url,
  log,
  connectMs = CONNECT_MS,
  connectionsMax = CONNECTIONS_MAX,
}: ConnectOptions): Promise<SQL> {
  const sql = new SQL({
    url,
    adapter: "postgres",
    max: connectionsMax,
    connectionTimeout: Math.ceil(connectMs / 1000),
    connection: {
      application_name: "waypost",
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: STATEMENT_MS,
    },
  });
  const until = performance.now() + connectMs;
  for (;;) {
    try {
      await check(sql, url, log);
      return sql;
    } catch (error) {
      if (isUnavailable(error) && performance.now() < until) {
        await Bun.sleep(200);
        continue;
      }
      await sql.close({ timeout: 0 });
      throw error instanceof DatabaseUnusable ? error : unusable(url, error);
    }
  }
}

interface ServerFacts {
  readonly encoding: string;
  readonly durable: string;
  readonly version: string;
}

async function check(sql: SQL, url: string, log: Logger): Promise<void> {
  const [facts] = await sql<ServerFacts[]>`
    select current_setting('server_encoding') as encoding, current_setting('server_version') as version,
      current_setting('synchronous_commit') || ' ' || current_setting('fsync') as durable`;
  if (facts?.encoding !== "UTF8")
    throw new DatabaseUnusable(
      `The database at ${place(url)} has the encoding ${facts?.encoding}. Create one with encoding UTF8.`,
    );
  if (facts.durable.includes("off"))
    log.warning("The database server may lose acknowledged changes: synchronous_commit or fsync is off");
}

const unusable = (url: string, cause: unknown): DatabaseUnusable =>
  new DatabaseUnusable(
    `The Postgres server at ${place(url)} cannot be used: ${cause instanceof Error ? cause.message : cause}. Check WAYPOST_DATABASE_URL and that the server is running.`,
    { cause },
  );

function place(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** Migrations through a pool of connections. */
export const bunSqlRunner = (sql: SQL): PostgresRunner => ({
  begin: async (work) =>
    await sql
      .begin(async (tx) => {
        // A migration of a large table may take its time.
        await tx.unsafe("set local statement_timeout = 0");
        return { done: await work((text, parameters) => tx.unsafe(text, parameters ? [...parameters] : [])) };
      })
      .then(({ done }) => done),
});

/**
 * Words by LISTEN and NOTIFY. They go by connections of their own, outside transactions: a NOTIFY inside makes every
 * commit of the server wait in one line.
 */
export const bunSqlSignals = (sql: SQL, log: Logger): Signals => ({
  send(channel, text) {
    sql
      .notify(channel, text)
      .catch((error: unknown) => log.debug("a signal was not sent", { channel, error }));
  },
  async listen(channel, hear) {
    const subscription = await sql.listen(channel, hear);
    return () => subscription.unlisten();
  },
});
