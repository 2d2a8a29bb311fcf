import { chownSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { getTableName } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sql";
import { drizzle as pgliteDrizzle } from "drizzle-orm/pglite";
import { bunSqlRunner, bunSqlSignals, connectBunSql } from "../../src/db/bun-sql.ts";
import type { Database } from "../../src/db/database.ts";
import { postgresKit } from "../../src/db/kit.ts";
import { migratePostgres, type PostgresRunner } from "../../src/db/migrate.ts";
import { openPostgres } from "../../src/db/postgres.ts";
import { defineTables } from "../../src/db/schema/tables.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

let server: Promise<string | null> | null = null;

/**
 * The URL of a real PostgreSQL for the whole test run: the one that TEST_POSTGRES_URL names, or a throw-away
 * one from the system's packages. Null when there is neither.
 */
export function postgresServer(): Promise<string | null> {
  server ??= process.env["TEST_POSTGRES_URL"] ? Promise.resolve(process.env["TEST_POSTGRES_URL"]) : start();
  return server;
}

/** A migrated database of its own on that server. Making one takes 100 ms, so a closed one is swept for the next. */
export async function freshPostgres(clock: Clock): Promise<Database> {
  const sql =
    swept.pop() ?? (await connectBunSql({ url: await freshPostgresUrl("migrated"), log: silentLog }));
  return openPostgres({
    client: drizzle({ client: sql }),
    clock,
    log: silentLog,
    signals: bunSqlSignals(sql, silentLog),
    ping: () => sql`select 1`,
    async close() {
      await sql.unsafe(SWEEP);
      swept.push(sql);
    },
  });
}
const swept: SQL[] = [];
/** Faster than `truncate` for a handful of rows; as a replica, Postgres does not look at foreign keys. */
const SWEEP = `set session_replication_role = replica;
  ${Object.values(defineTables(postgresKit))
    .map((table) => `delete from ${getTableName(table)};`)
    .join("\n")}
  set session_replication_role = default`;

/** Postgres without a server, in this process: always there, one connection, slow to start. */
export async function freshPglite(clock: Clock): Promise<Database> {
  const pglite = new PGlite();
  await migratePostgres(pgliteRunner(pglite), { clock, log: silentLog });
  return openPostgres({
    client: pgliteDrizzle(pglite),
    clock,
    log: silentLog,
    signals: null,
    ping: () => pglite.query("select 1"),
    close: () => pglite.close(),
  });
}

export const pgliteRunner = (pglite: PGlite): PostgresRunner => ({
  begin: (work) =>
    pglite.transaction((tx) =>
      work(async (text, parameters) =>
        parameters
          ? (await tx.query(text, [...parameters])).rows
          : ((await tx.exec(text)).at(-1)?.rows ?? []),
      ),
    ),
});

/** The URL of a new database on that server. */
export async function freshPostgresUrl(state: "empty" | "migrated"): Promise<string> {
  const base = await postgresServer();
  if (!base) throw new Error("There is no PostgreSQL here. Install it, or set TEST_POSTGRES_URL.");
  const admin = new SQL(base, { max: 1 });
  const name = `waypost_test_${process.pid}_${counter++}`;
  const template = state === "migrated" ? await migratedTemplate(base, admin) : "template0";
  await admin.unsafe(`create database ${name} template ${template} encoding 'UTF8'`);
  await admin.close();
  return named(base, name);
}
let counter = 0;

let template: Promise<string> | null = null;

function migratedTemplate(base: string, admin: SQL): Promise<string> {
  template ??= (async () => {
    const name = `waypost_template_${process.pid}`;
    await admin.unsafe(`create database ${name} template template0 encoding 'UTF8'`);
    const sql = await connectBunSql({ url: named(base, name), log: silentLog, connectionsMax: 1 });
    await migratePostgres(bunSqlRunner(sql), { clock: systemClock, log: silentLog });
    await sql.close();
    return name;
  })();
  return template;
}

function named(base: string, database: string): string {
  const url = new URL(base);
  url.pathname = `/${database}`;
  return url.href;
}

async function start(): Promise<string | null> {
  const binaries = newestBinaries();
  if (!binaries) return null;
  const folder = join(tmpdir(), `waypost-postgres-${process.pid}`);
  mkdirSync(folder, { mode: 0o755 });
  // The server refuses to run as root, and dies with the test run however that ends.
  const asRoot = process.getuid?.() === 0;
  const drop = asRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : ["setpriv"];
  if (asRoot) {
    const { uid, gid } = idsOf("postgres");
    chownSync(folder, uid, gid);
  }
  const data = join(folder, "data");
  Bun.spawnSync([
    ...drop,
    join(binaries, "initdb"),
    "-D",
    data,
    "-U",
    "waypost",
    "-A",
    "trust",
    "-N",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
  ]);
  const port = freePort();
  const settings = {
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    max_connections: "300",
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    shared_buffers: "64MB",
  };
  const arguments_ = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = Bun.spawn(
    [
      ...drop,
      "--pdeathsig=TERM",
      "sh",
      "-c",
      KEEPER,
      folder,
      join(binaries, "postgres"),
      "-D",
      data,
      ...arguments_,
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  child.unref();
  const url = `postgres://waypost@127.0.0.1:${port}/postgres`;
  await (await connectBunSql({ url, log: silentLog, connectionsMax: 1 })).close();
  return url;
}

/** Outlives the test run by a moment: stops the server and takes its folder away, however the run has ended. */
const KEEPER = `"$@" 2>"$0/log" & trap 'kill -QUIT $!' TERM; wait $!; wait $!; rm -rf "$0"`;

function newestBinaries(): string | null {
  const root = "/usr/lib/postgresql";
  try {
    const newest = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0];
    return newest ? join(root, newest, "bin") : null;
  } catch {
    return null;
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(Bun.spawnSync(["id", flag, user]).stdout.toString());
  return { uid: id("-u"), gid: id("-g") };
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
