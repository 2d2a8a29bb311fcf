import { describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { connectBunSql, DatabaseUnusable } from "../../src/db/bun-sql.ts";
import { openDatabase } from "../../src/db/open.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshPostgresUrl, postgresServer } from "../support/postgres.ts";
import { openGate } from "../support/tcp-gate.ts";
import { until } from "../support/until.ts";

const clock = { now: () => 1 };
const open = (databaseUrl: string) =>
  openDatabase({ databaseUrl, dataDir: "/nowhere", clock, log: silentLog });
const server = await postgresServer();

test("a server that is not there is named, with what to do, and its password is not", async () => {
  const url = "postgres://waypost:hidden@127.0.0.1:1/links";
  const error = await connectBunSql({ url, log: silentLog, connectMs: 600 }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(DatabaseUnusable);
  expect(String(error)).toContain("127.0.0.1:1/links");
  expect(String(error)).toContain("Check WAYPOST_DATABASE_URL");
  expect(String(error)).not.toContain("hidden");
});

test("a server that takes the connection and says nothing is given up on", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const url = `postgres://waypost@127.0.0.1:${silent.port}/links`;
  const error = await connectBunSql({ url, log: silentLog, connectMs: 1000 }).catch(
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DatabaseUnusable);
  silent.stop(true);
}, 120_000);

describe.if(server !== null)("on a real server", () => {
  test("a database that does not exist is named", async () => {
    const url = new URL(server!);
    url.pathname = "/nowhere";
    const error = await open(url.href).catch((cause: unknown) => cause);
    expect(String(error)).toContain("nowhere");
    expect(error).toBeInstanceOf(DatabaseUnusable);
  });

  test("a database in another encoding is refused", async () => {
    const admin = new SQL(server!, { max: 1 });
    const name = `waypost_latin_${process.pid}`;
    await admin.unsafe(`create database ${name} template template0 encoding 'LATIN1' locale 'C'`);
    const url = new URL(server!);
    url.pathname = `/${name}`;
    expect(open(url.href)).rejects.toThrow("encoding UTF8");
    await open(url.href).catch(() => {});
    await admin.unsafe(`drop database ${name}`);
    await admin.close();
  });

  test("a lost server refuses changes by name, is told as a problem, and is used again when it is back", async () => {
    const url = new URL(await freshPostgresUrl("empty"));
    const gate = openGate({ hostname: url.hostname, port: Number(url.port) });
    url.port = String(gate.port);
    const db = await open(url.href);
    const write = (id: `ws_${string}`) =>
      db.transaction(async (tx) => {
        await tx.insert(db.tables.workspaces).values({ id, name: "", createdAt: 0, updatedAt: 0 });
      });
    await write("ws_1");
    expect(db.problem()).toBe(null);

    gate.cut();
    const error = await write("ws_2").catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: "AppError", code: "UNAVAILABLE" });
    expect(db.problem()).toContain("cannot be reached");

    gate.mend();
    await until(() => db.problem() === null);
    await write("ws_3");
    expect(await db.read.$count(db.tables.workspaces)).toBe(2);
    await db.close();
    gate.close();
  }, 120_000);

  test("a lost server is noticed by whoever only reads, too", async () => {
    const url = new URL(await freshPostgresUrl("migrated"));
    const gate = openGate({ hostname: url.hostname, port: Number(url.port) });
    url.port = String(gate.port);
    const db = await open(url.href);
    const reads: (() => Promise<unknown>)[] = [
      () => db.read.$count(db.tables.links),
      async () => db.read.select().from(db.tables.links).limit(1),
      async () => db.prepare((read) => read.select().from(db.tables.links).limit(1))({}),
    ];
    for (const read of reads) {
      await read();
      gate.cut();
      expect(await read().catch((cause: unknown) => cause)).toMatchObject({
        name: "AppError",
        code: "UNAVAILABLE",
      });
      expect(db.problem()).toContain("cannot be reached");
      gate.mend();
      await until(() => db.problem() === null);
    }
    await db.close();
    gate.close();
  }, 120_000);

  test("two hundred transactions on one row from two servers are all counted", async () => {
    const url = await freshPostgresUrl("migrated");
    const servers = await Promise.all([open(url), open(url)]);
    const { linkTotals } = servers[0].tables;
    await servers[0].transaction(async (tx) => {
      await tx.insert(linkTotals).values({
        linkId: "link_1",
        workspaceId: "ws_1",
        shelf: 0,
        clicks: 0,
        uniqueClicks: 0,
        botClicks: 0,
        sequence: 0,
      });
    });
    const add = (db: (typeof servers)[number]) =>
      db.transaction(async (tx) => {
        const [row] = await tx.select().from(linkTotals);
        await tx.update(linkTotals).set({ clicks: row!.clicks + 1 });
      });
    await Promise.all(Array.from({ length: 200 }, (_, i) => add(servers[i % 2]!)));
    const [row] = await servers[1].read.select().from(linkTotals);
    expect(row!.clicks).toBe(200);
    await Promise.all(servers.map((db) => db.close()));
  }, 120_000);
});
