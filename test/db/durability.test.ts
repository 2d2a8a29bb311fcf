import { describe, expect, test } from "bun:test";
import { openSqlite } from "../../src/db/sqlite.ts";
import { WalFailure, type WalThreads } from "../../src/db/wal-thread.ts";
import { AppError } from "../../src/lib/errors.ts";
import type { Logger } from "../../src/lib/log.ts";
import { freshSqlite, idleThreads } from "../support/sqlite.ts";
import { until } from "../support/until.ts";

const clock = { now: () => 1 };

function listening(): { log: Logger; said: string[] } {
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  return { log: { debug: note, info: note, warning: note, error: note }, said };
}

/** A database on a disk that the test moves by hand. */
async function onDisk(disk: Partial<WalThreads>) {
  const { log, said } = listening();
  const db = await openSqlite({
    path: freshSqlite(),
    clock,
    log,
    startThreads: async () => ({ ...(await idleThreads()), ...disk }),
  });
  let nextId = 0;
  const write = () =>
    db.transaction(async (tx) => {
      const id = `${nextId++}`;
      await tx
        .insert(db.tables.idempotency)
        .values({ id, requestHash: "", status: 1, body: "", createdAt: 0, expiresAt: 0 });
      return id;
    });
  const count = () => db.read.$count(db.tables.idempotency);
  return { db, write, count, said };
}

describe("an answer", () => {
  test("waits for the sync that covers its commit, and the next writer does not", async () => {
    const syncs: PromiseWithResolvers<number>[] = [];
    const { db, write, count } = await onDisk({
      sync() {
        syncs.push(Promise.withResolvers<number>());
        return syncs.at(-1)!.promise;
      },
    });
    const answered: string[] = [];
    const first = write().then((id) => answered.push(id));
    await until(async () => syncs.length === 1);
    const others = [write(), write(), write()].map((one) => one.then((id) => answered.push(id)));
    await until(async () => (await count()) === 4);
    expect([answered, syncs.length]).toEqual([[], 1]);
    syncs[0]!.resolve(0);
    await first;
    await until(async () => syncs.length === 2);
    expect(answered).toEqual(["0"]);
    syncs[1]!.resolve(0);
    await Promise.all(others);
    // One sync for all three that had come meanwhile.
    expect([answered, syncs.length]).toEqual([["0", "1", "2", "3"], 2]);
    const closing = db.close();
    await until(async () => syncs.length === 3);
    syncs[2]!.resolve(0);
    await closing;
  });

  test("never comes after a sync has failed, though later syncs would succeed; reading goes on", async () => {
    let sync = 0;
    const { db, write, count, said } = await onDisk({
      async sync() {
        if (++sync === 2) throw new WalFailure("EIO", "EIO: i/o error, fdatasync");
        return 0;
      },
    });
    await write();
    expect(db.problem()).toBe(null);
    const late = await Promise.allSettled([write(), write(), write()]);
    for (const one of late)
      expect(one).toMatchObject({ status: "rejected", reason: { name: "AppError", code: "UNAVAILABLE" } });
    expect(db.problem()).toContain("restart");
    expect(write()).rejects.toBeInstanceOf(AppError);
    await write().catch(() => {});
    // The failed file is never synced again: what it would answer means nothing.
    expect(sync).toBe(2);
    expect(await count()).toBeGreaterThan(0);
    expect(said.join()).toContain("no more writes until a restart");
    await db.close();
  });

  test("is refused for good when a checkpoint could not sync the database file", async () => {
    const { db, write } = await onDisk({
      sync: async () => 100_000_000,
      copy: async () => {
        throw new WalFailure("SQLITE_IOERR_FSYNC", "disk I/O error");
      },
    });
    await write();
    await until(async () => db.problem() !== null);
    expect(write()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await write().catch(() => {});
    await db.close();
  });
});

describe("the writer's turn", () => {
  test("ends after its time, so that a work that waits for itself stops nobody else", async () => {
    const { log } = listening();
    const db = await openSqlite({ path: freshSqlite(), clock, log, turnMs: 50, startThreads: idleThreads });
    const stuck = db.transaction(() => new Promise<never>(() => {}));
    expect(stuck).rejects.toThrow("longer than 50 ms");
    await stuck.catch(() => {});
    expect(await db.transaction(async () => "next")).toBe("next");
    await db.close();
  });

  test("lets other work through while many are waiting", async () => {
    const { db, write } = await onDisk({});
    let done = 0;
    let before = 0;
    let most = 0;
    const look = () => {
      most = Math.max(most, done - before);
      before = done;
    };
    const ticker = setInterval(look, 0);
    await Promise.all(Array.from({ length: 5000 }, () => write().then(() => done++)));
    clearInterval(ticker);
    look();
    // Counted, not timed: in one stretch all 5000 would come between two turns of the event loop.
    expect(most).toBeLessThan(5000 / 3);
    await db.close();
  });
});
