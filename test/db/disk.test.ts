import { Database as Connection } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openDatabase } from "../../src/db/open.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import { silentLog } from "../../src/lib/log.ts";
import { freshFolder, freshSqlite } from "../support/sqlite.ts";
import { until } from "../support/until.ts";

const clock = { now: () => 1 };
const strace = Bun.which("strace");

interface Seen {
  acknowledged: number;
  stored: number;
  errors: string[];
  problem: string | null;
  walBytesMax: number;
}

/** Runs the database in a process of its own, behind a disk that behaves as strace says. */
async function behindDisk(
  path: string,
  numbers: string,
  calls: string,
  ...inject: string[]
): Promise<{ seen: Seen; trace: string[] }> {
  const traceFile = join(dirname(path), "trace");
  const child = Bun.spawn(
    [strace!, "-f", "--seccomp-bpf", "-qq", "-y", "-o", traceFile, "-e", `trace=${calls}`]
      .concat(inject.flatMap((one) => ["-e", `inject=${one}`]))
      .concat([process.execPath, join(import.meta.dir, "disk-process.ts"), path, ...numbers.split(" ")]),
    { stdout: "pipe", stderr: "inherit" },
  );
  const seen: Seen = JSON.parse(await child.stdout.text());
  return { seen, trace: readFileSync(traceFile, "utf8").split("\n") };
}

const rowsOf = (path: string) => {
  const connection = new Connection(path, { readonly: true });
  expect(connection.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  return connection.query<{ n: number }, []>("select count(*) as n from idempotency").get()!.n;
};

describe.if(strace !== null)("behind a disk that", () => {
  test("takes 200 ms for every sync, the main thread never waits", async () => {
    const path = freshSqlite();
    const { seen, trace } = await behindDisk(
      path,
      "60 1000000 16",
      "fsync,fdatasync",
      "fsync,fdatasync:delay_enter=200000",
    );
    expect(seen).toMatchObject({ acknowledged: 60, stored: 60, errors: [], problem: null });
    const mainThread = trace[0]!.split(" ")[0]!;
    const serving = trace.slice(
      trace.findIndex((line) => line.includes("fdatasync(")),
      trace.findLastIndex((line) => line.includes("fdatasync(")),
    );
    expect(serving.length).toBeGreaterThan(10);
    expect(serving.filter((line) => line.startsWith(mainThread) && line.includes("sync("))).toEqual([]);
  }, 120_000);

  test("fails one sync of the log, nothing is acknowledged or copied into the database file afterwards", async () => {
    const path = freshSqlite();
    const { seen, trace } = await behindDisk(
      path,
      "2000 300 16",
      "fsync,fdatasync,pwrite64",
      "fdatasync:error=EIO:when=20",
    );
    expect(seen.errors).toEqual(["UNAVAILABLE"]);
    expect(seen.problem).toContain("restart");
    expect(seen.acknowledged).toBeGreaterThan(0);
    expect(seen.stored).toBeLessThan(2000);
    const failed = trace.findIndex((line) => line.includes("EIO"));
    const after = trace.slice(failed + 1);
    expect(failed).toBeGreaterThan(0);
    expect(after.filter((line) => /fdatasync\(.*= 0/.test(line))).toEqual([]);
    // The checkpointer may be at work until it is told. What it copies it has synced itself, by a descriptor of its own,
    // which the system would tell of a failure too; nobody else may copy, least of all who ends the process.
    const threadOf = (line: string) => line.split(" ")[0]!;
    const copies = trace.flatMap((line, i) =>
      i > failed && /pwrite64\(\d+<[^>]*waypost\.db>.*= \d/.test(line) ? [i] : [],
    );
    const unsynced = copies.filter((at) => {
      const mine = trace.slice(0, at).filter((line) => threadOf(line) === threadOf(trace[at]!));
      return !mine.some((line) => /fsync\(\d+<[^>]*waypost\.db-wal>/.test(line));
    });
    expect(unsynced).toEqual([]);
    expect(copies.filter((at) => threadOf(trace[at]!) === threadOf(trace[0]!))).toEqual([]);
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(rowsOf(path)).toBeGreaterThanOrEqual(seen.acknowledged);
  }, 120_000);

  test("fails a sync of a checkpoint, no more is acknowledged and what was is kept", async () => {
    // So many rows that the checkpoint comes to it, however late: the rest is refused at once.
    for (const when of [9, 12]) {
      const path = freshSqlite();
      const { seen } = await behindDisk(
        path,
        "1000 1000000 16",
        "fsync,fdatasync",
        `fsync:error=EIO:when=${when}`,
      );
      expect(seen.errors).toEqual(["UNAVAILABLE"]);
      expect(rowsOf(path)).toBeGreaterThanOrEqual(seen.acknowledged);
    }
  }, 120_000);
});
if (strace === null) test.skip("behind a slow or failing disk: there is no strace here", () => {});

test("the log is emptied again after somebody has been reading for long, and the operator is told", async () => {
  const path = freshSqlite();
  const said: string[] = [];
  const note = (message: string) => void said.push(message);
  const log = { ...silentLog, info: note, warning: note };
  const db = await openSqlite({ path, clock, log });
  const walBytes = () => statSync(`${path}-wal`).size;
  const write = (id: string) =>
    db.transaction(async (tx) => {
      const body = "x".repeat(1_000_000);
      await tx
        .insert(db.tables.idempotency)
        .values({ id, requestHash: "", status: 1, body, createdAt: 0, expiresAt: 0 });
    });

  for (let i = 0; i < 80; i++) await write(`a${i}`);
  await until(() => walBytes() < 64_000_000);

  const reader = new Connection(path, { readonly: true });
  reader.run("begin");
  reader.run("select count(*) from idempotency");
  for (let i = 0; i < 150; i++) await write(`b${i}`);
  expect(walBytes()).toBeGreaterThan(128_000_000);
  await until(() => said.join().includes("has been reading the database for long"));
  expect(db.log()).toMatchObject({ starved: true });
  expect(db.log()!.walBytes).toBeGreaterThan(128_000_000);
  reader.close();

  await until(() => said.join().includes("could be emptied again"));
  expect(db.log()).toMatchObject({ starved: false });
  expect(walBytes()).toBeLessThan(1_000_000);
  await db.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
}, 120_000);

test("a full disk refuses changes by name, keeps what was acknowledged, and works again once there is room", async () => {
  const folder = freshFolder();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], {
    stderr: "ignore",
  });
  if (mounted.exitCode !== 0) return console.log("skipped: only root can make a small disk");
  try {
    const db = await openDatabase({ databaseUrl: null, dataDir: folder, clock, log: silentLog });
    const filler = join(folder, "filler");
    writeFileSync(filler, new Uint8Array(8_000_000));
    let acknowledged = 0;
    const write = () =>
      db.transaction(async (tx) => {
        const body = "x".repeat(100_000);
        await tx
          .insert(db.tables.idempotency)
          .values({ id: `${acknowledged}`, requestHash: "", status: 1, body, createdAt: 0, expiresAt: 0 });
      });
    let refused: unknown = null;
    for (let i = 0; i < 400 && refused === null; i++)
      await write().then(
        () => acknowledged++,
        (error: unknown) => {
          refused = error;
        },
      );
    expect(refused).toMatchObject({ name: "AppError", code: "INSUFFICIENT_STORAGE" });
    expect(db.problem()).toContain("full");
    expect(await db.read.$count(db.tables.idempotency)).toBe(acknowledged);

    rmSync(filler);
    await until(() => db.problem() === null);
    await write();
    await db.close();
    expect(rowsOf(join(folder, "waypost.db"))).toBe(acknowledged + 1);
  } finally {
    Bun.spawnSync(["umount", "-l", folder]);
  }
}, 120_000);
