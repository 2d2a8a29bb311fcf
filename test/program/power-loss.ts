import { Database as Connection } from "bun:sqlite";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fate, type Files, fates, openDisk } from "./power-loss-disk.ts";
import { type Operation, readTrace, traceOptions } from "./power-loss-trace.ts";
import { bodyOf } from "./power-loss-workload.ts";

/**
 * Power cuts, replayed: the real database code works under strace, and for every moment of its trace the states
 * are built in which the disk may be after a power cut then. Each is opened, checked, and held against what had
 * been acknowledged. `bun test/program/power-loss.ts [CHANGES]` takes minutes and covers every moment.
 */
export interface Report {
  readonly moments: number;
  readonly states: number;
  /** States that were equal to one before are not opened again. */
  readonly opened: number;
  readonly acknowledged: number;
  /** How often the write-ahead log was emptied on the way. */
  readonly emptied: number;
  /** States without something that had been acknowledged. */
  readonly lost: number;
  /** States that did not open, failed the integrity check, or had half a change. */
  readonly corrupt: number;
  readonly examples: readonly string[];
}

interface Options {
  readonly changes: number;
  /**
   * `nosync` acknowledges before the sync, and must be seen to lose. `deaf` is a disk that ignores every sync,
   * and must be seen to lose and to corrupt: who finds nothing there would find nothing anywhere.
   */
  readonly mode: "sync" | "nosync" | "deaf";
  /** Looks at every so many-th moment. */
  readonly stride?: number;
  readonly seed?: number;
}

/** Fates of contents and of names that go together; names are rarely pending, so few combinations are enough. */
const PAIRS: readonly (readonly [Fate, Fate])[] = [
  ...fates.map((fate) => [fate, fate] as const),
  ["all", "none"],
  ["none", "all"],
];

export function powerLoss({ changes, mode, stride = 1, seed = 7 }: Options): Report {
  // A path without links: the trace shows what the kernel calls the files.
  const root = mkdtempSync(join(tmpdir(), "waypost-power-"));
  const folder = join(root, "data");
  mkdirSync(folder);
  const trace = join(root, "trace");
  try {
    Bun.spawnSync(
      [
        "strace",
        ...traceOptions,
        "-o",
        trace,
        process.execPath,
        join(import.meta.dir, "power-loss-workload.ts"),
      ].concat(join(folder, "w.db"), String(changes), mode),
      { stdout: "ignore", stderr: "inherit", timeout: 120_000 },
    );
    const operations = readTrace(trace, folder);
    const heard = mode === "deaf" ? operations.filter(({ kind }) => !kind.startsWith("sync")) : operations;
    return replay(heard, stride, seed);
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(place, { recursive: true, force: true });
  }
}

function replay(operations: readonly Operation[], stride: number, seed: number): Report {
  const disk = openDisk(randomFrom(seed));
  const verdicts = new Map<bigint, Verdict>();
  const acknowledged = new Set<number>();
  const report = { moments: 0, states: 0, opened: 0, acknowledged: 0, lost: 0, corrupt: 0 };
  const examples: string[] = [];

  const look = (moment: number, pair: readonly [Fate, Fate]): void => {
    const files = disk.crash(...pair);
    const key = keyOf(files);
    let verdict = verdicts.get(key);
    if (!verdict) {
      verdict = opened(files);
      verdicts.set(key, verdict);
      report.opened++;
    }
    report.states++;
    const missing = Array.from(acknowledged).filter((change) => !verdict.changes.has(change));
    if (verdict.damage !== null) report.corrupt++;
    else if (missing.length > 0) report.lost++;
    else return;
    if (examples.length < 5)
      examples.push(`moment ${moment}, ${pair.join("/")}: ${verdict.damage ?? `lost ${missing.join(", ")}`}`);
  };

  for (const [moment, operation] of operations.entries()) {
    disk.apply(operation, moment);
    if (operation.kind === "ack") acknowledged.add(operation.change);
    if (moment % stride !== 0) continue;
    report.moments++;
    for (const pair of PAIRS) look(moment, pair);
  }
  const emptied = operations.filter((one) => one.kind === "truncate" && one.file.endsWith("-wal")).length;
  return { ...report, acknowledged: acknowledged.size, emptied, examples };
}

interface Verdict {
  readonly changes: ReadonlySet<number>;
  readonly damage: string | null;
}

/** Thousands of small databases: in memory where there is some. */
const place = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "waypost-power-"));

/** Opens the files as the program would after the power is back. */
function opened(files: Files): Verdict {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const [name, content] of files) writeFileSync(join(place, name), content);
  const changes = new Set<number>();
  let connection: Connection | null = null;
  try {
    connection = new Connection(join(place, "w.db"), { create: true, strict: true });
    connection.run("pragma synchronous = off");
    return { changes, damage: damageIn(connection, changes) };
  } catch (error) {
    return { changes, damage: String(error) };
  } finally {
    connection?.close();
  }
}

function damageIn(connection: Connection, changes: Set<number>): string | null {
  const integrity = connection.query<{ integrity_check: string }, []>("pragma integrity_check").get();
  if (integrity?.integrity_check !== "ok") return integrity?.integrity_check ?? "no answer";
  // Before the migration there is nothing to look for, and half of it would be damage.
  const tables = connection.query<{ n: number }, []>("select count(*) as n from sqlite_schema").get()!.n;
  if (tables < 3) return null;
  for (const { status, body } of connection
    .query<{ status: number; body: string }, []>("select status, body from idempotency")
    .all()) {
    if (body !== bodyOf(status)) return `change ${status} has another text`;
    changes.add(status);
  }
  const total = connection.query<{ clicks: number }, []>("select clicks from link_totals").get()?.clicks ?? 0;
  return total === changes.size ? null : `${changes.size} changes, but ${total} counted`;
}

function keyOf(files: Files): bigint {
  let key = 0n;
  for (const [name, content] of files)
    key ^= BigInt(Bun.hash(content)) * BigInt(Bun.hash(`${name} ${content.length}`));
  return key;
}

/** Chance that repeats itself (mulberry32): a state that fails can be built again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const changes = Number(process.argv[2] ?? 250);
  for (const mode of ["sync", "nosync", "deaf"] as const) {
    const startMs = performance.now();
    console.log(mode, powerLoss({ changes, mode }), `${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  }
  process.exit(0);
}
