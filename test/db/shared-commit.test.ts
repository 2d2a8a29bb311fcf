import { Database as Connection } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import type { Build, Tx } from "../../src/db/database.ts";
import { uniqueViolation } from "../../src/db/errors.ts";
import { placeholders } from "../../src/db/placeholders.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import type { WalThreads } from "../../src/db/wal-thread.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshSqlite, idleThreads } from "../support/sqlite.ts";
import { until } from "../support/until.ts";

const clock = { now: () => 1 };
const insert: Build = (queries, { linkTotals }) =>
  queries.insert(linkTotals).values(placeholders(linkTotals));
const nothing = { clicks: 0, uniqueClicks: 0, botClicks: 0, lastClickedAt: null, sequence: 0 };

/** A database whose writes all come while the disk is busy, so that they share a commit. */
async function busy(disk: Partial<WalThreads> = {}) {
  const path = freshSqlite();
  const sync = Promise.withResolvers<number>();
  const startThreads = async () => ({ ...(await idleThreads()), sync: () => sync.promise, ...disk });
  const db = await openSqlite({ path, clock, log: silentLog, startThreads });
  const add = (tx: Tx, linkId: string, shelf = 0) =>
    tx.run(insert, { linkId, workspaceId: "ws_1", shelf, ...nothing });
  const { linkTotals } = db.tables;
  const ids = async () =>
    (await db.read.select({ id: linkTotals.linkId }).from(linkTotals).orderBy(linkTotals.linkId)).map(
      ({ id }) => id,
    );
  const first = db.transaction((tx) => add(tx, "link_0"));
  await until(async () => (await ids()).length === 1);
  const relieve = () => sync.resolve(0);
  return { db, path, add, ids, first, relieve };
}

describe("of those who share a commit", () => {
  test("one who fails after writing leaves nothing, and takes nothing from the others", async () => {
    const { db, add, ids, relieve } = await busy();
    let runs = 0;
    const before = db.transaction(async (tx) => {
      await add(tx, "link_1");
      return `run ${++runs}`;
    });
    const failing = db.transaction(async (tx) => {
      await add(tx, "link_2");
      throw new Error("no");
    });
    const after = db.transaction((tx) => add(tx, "link_3"));
    relieve();
    const [one, two, three] = await Promise.allSettled([before, failing, after]);
    // It ran again, and what it answered then is the answer.
    expect(one).toEqual({ status: "fulfilled", value: "run 2" });
    expect(two).toMatchObject({ status: "rejected", reason: { message: "no" } });
    expect(three.status).toBe("fulfilled");
    expect(await ids()).toEqual(["link_0", "link_1", "link_3"]);
    await db.close();
  });

  test("one whom a second run refuses is told so, and keeps nothing", async () => {
    const { db, add, ids, relieve } = await busy();
    let runs = 0;
    const changing = db.transaction(async (tx) => {
      await add(tx, "link_1");
      if (++runs === 2) throw new Error("not this time");
    });
    const others = [
      db.transaction((tx) => add(tx, "link_2")),
      db.transaction(async (tx) => {
        await add(tx, "link_3");
        throw new Error("no");
      }),
    ];
    relieve();
    const [one, two, three] = await Promise.allSettled([changing, ...others]);
    expect(one).toMatchObject({ status: "rejected", reason: { message: "not this time" } });
    expect(two!.status).toBe("fulfilled");
    expect(three).toMatchObject({ status: "rejected", reason: { message: "no" } });
    expect(await ids()).toEqual(["link_0", "link_2"]);
    await db.close();
  });

  test("one who is refused what is taken makes nobody run again", async () => {
    const { db, add, ids, relieve } = await busy();
    let runs = 0;
    const before = db.transaction(async (tx) => {
      runs++;
      await add(tx, "link_1");
    });
    const taken = db.transaction((tx) => add(tx, "link_1"));
    const byHand = db.transaction(async (tx) => {
      const { linkTotals } = db.tables;
      await tx.update(linkTotals).set({ shelf: 2 }).where(eq(linkTotals.linkId, "link_0"));
      await add(tx, "link_1");
    });
    relieve();
    await before;
    expect(uniqueViolation(await taken.catch((error: unknown) => error))).toBeTruthy();
    expect(uniqueViolation(await byHand.catch((error: unknown) => error))).toBeTruthy();
    expect([runs, await ids()]).toEqual([1, ["link_0", "link_1"]]);
    const { linkTotals } = db.tables;
    expect(await db.read.$count(linkTotals, eq(linkTotals.shelf, 2))).toBe(0);
    await db.close();
  });

  test("all are told when the disk fails before their commit, and none of them is stored", async () => {
    const fails = Promise.withResolvers<number>();
    const { db, path, add, first } = await busy({ sync: () => fails.promise });
    const others = [1, 2, 3].map((n) => db.transaction((tx) => add(tx, `link_${n}`)));
    // They have had their turns, and wait for the disk before they are committed.
    await new Promise(setImmediate);
    fails.reject(new Error("EIO"));
    for (const one of await Promise.allSettled([first, ...others]))
      expect(one).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
    await db.close();
    const look = new Connection(path, { readonly: true });
    expect(look.query("select link_id from link_totals").all()).toEqual([{ link_id: "link_0" }]);
    look.close();
  });

  test("they are committed in time, however long the disk takes", async () => {
    const { db, add, ids, relieve } = await busy();
    const waiting = db.transaction((tx) => add(tx, "link_1"));
    await until(async () => (await ids()).length === 2);
    relieve();
    await waiting;
    await db.close();
  });
});

test("what every write asks is asked again once another program has written to the file", async () => {
  const path = freshSqlite();
  const db = await openSqlite({ path, clock, log: silentLog, startThreads: idleThreads });
  const hosts: Build<{ host: string }> = (queries, { domains }) =>
    queries
      .select({ host: domains.host })
      .from(domains)
      .where(eq(domains.caseSensitive, sql.placeholder("no")));
  const told = () => db.transaction((tx) => tx.known(hosts, { no: false }));
  expect([await told(), await told()]).toEqual([[], []]);
  const other = new Connection(path);
  other.run(
    "insert into domains (id, host, case_sensitive, slug_length, created_at, updated_at) values ('dom_1', 'a.test', 0, 7, 1, 1)",
  );
  other.close();
  expect(await told()).toEqual([{ host: "a.test" }]);
  await db.close();
});
