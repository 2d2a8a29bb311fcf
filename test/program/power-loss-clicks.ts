import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { openCounter } from "../../src/clicks/counter.ts";
import { openControl } from "../../src/clicks/journal/control.ts";
import { installationMark } from "../../src/clicks/journal/segment.ts";
import { storedIn } from "../clicks/support/stored.ts";
import { CLICK } from "./power-loss-clicks-workload.ts";
import { type Fate, type Files, fates, openDisk } from "./power-loss-disk.ts";
import { readTrace, traceOptions } from "./power-loss-trace.ts";
import { bodyOf } from "./power-loss-workload.ts";

/**
 * Power cuts, replayed over the journal and both databases together: after every one of them the links must be whole,
 * and the journal folded into the clicks must give every acknowledged click once.
 * `bun test/program/power-loss-clicks.ts [CHANGES] [STRIDE]` takes minutes.
 */
export interface Report {
  readonly states: number;
  readonly acknowledged: number;
  /** States without something that had been acknowledged. */
  readonly lost: number;
  /** States in which a click was counted twice, or totals differ from clicks. */
  readonly doubled: number;
  /** States that did not open, or failed the integrity check. */
  readonly corrupt: number;
  readonly examples: readonly string[];
}

/** Fates of contents and of names. */
const PAIRS: readonly (readonly [Fate, Fate])[] = [
  ...fates.map((fate) => [fate, fate] as const),
  ["all", "none"],
];

export async function powerLossOfClicks(options: {
  changes: number;
  mode: "strict" | "window";
  /** Looks at every so many-th moment. */
  stride: number;
  seed?: number;
}): Promise<Report> {
  const { changes, mode, stride, seed = 7 } = options;
  const root = mkdtempSync(join(tmpdir(), "waypost-power-"));
  const folder = join(root, "data");
  const trace = join(root, "trace");
  mkdirSync(join(folder, "journal"), { recursive: true });
  const place = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "waypost-power-"));
  try {
    const workload = join(import.meta.dir, "power-loss-clicks-workload.ts");
    Bun.spawnSync(
      ["strace", ...traceOptions, "-o", trace, process.execPath, workload, folder, String(changes), mode],
      { stdout: "ignore", stderr: "inherit", timeout: 300_000 },
    );
    const disk = openDisk(randomFrom(seed));
    const acknowledged = new Set<number>();
    const report = { states: 0, lost: 0, doubled: 0, corrupt: 0 };
    const examples: string[] = [];
    for (const [moment, operation] of readTrace(trace, folder).entries()) {
      disk.apply(operation, moment);
      if (operation.kind === "ack") acknowledged.add(operation.change);
      if (moment % stride !== 0) continue;
      const pair = PAIRS[(moment / stride) % PAIRS.length]!;
      const verdict = await opened(place, disk.crash(...pair));
      report.states++;
      const wrong = wrongIn(verdict, acknowledged);
      if (wrong === null) continue;
      report[wrong]++;
      if (examples.length < 5)
        examples.push(`moment ${moment}, ${pair.join("/")}: ${verdict.damage ?? wrong}`);
    }
    return { ...report, acknowledged: acknowledged.size, examples };
  } finally {
    for (const one of [root, place]) rmSync(one, { recursive: true, force: true });
  }
}

interface Verdict {
  readonly there: ReadonlySet<number>;
  readonly doubled: boolean;
  readonly damage: string | null;
}

function wrongIn({ there, doubled, damage }: Verdict, acknowledged: ReadonlySet<number>) {
  if (damage !== null) return "corrupt";
  if (doubled) return "doubled";
  return acknowledged.isSubsetOf(there) ? null : "lost";
}

/** Opens the files as the program would after the power is back, and folds what the journal still holds. */
async function opened(place: string, files: Files): Promise<Verdict> {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const [name, content] of files) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), content);
  }
  const there = new Set<number>();
  try {
    changesIn(join(place, "waypost.db"), there);
    const store = openColumns(place);
    const init = { dataDir: place, installation: installationMark("inst_power"), foldEveryMs: 1 };
    const counter = await openCounter(
      { role: "counter", control: openControl().memory, ...init },
      store,
      () => {},
    );
    await counter.ask({ name: "stop" });
    return { there, doubled: clicksIn(place, there), damage: null };
  } catch (error) {
    return { there, doubled: false, damage: String(error) };
  }
}

function changesIn(path: string, there: Set<number>): void {
  const db = new Database(path, { create: true });
  try {
    intact(db);
    if (db.query("select 1 from sqlite_schema where name = 'idempotency'").get() === null) return;
    for (const { status, body } of db
      .query<{ status: number; body: string }, []>("select status, body from idempotency")
      .all()) {
      if (body !== bodyOf(status)) throw new Error(`change ${status} has another text`);
      there.add(status);
    }
  } finally {
    db.close();
  }
}

/** Whether anything was counted twice, or counted otherwise than it is there. */
function clicksIn(place: string, there: Set<number>): boolean {
  const { rows, contents, totals, recorded, integrity } = storedIn(place);
  if (integrity !== "ok") throw new Error(integrity);
  for (const id of contents.keys()) there.add(CLICK + Number(id.slice(1)));
  return rows !== contents.size || totals !== rows || recorded !== rows;
}

function intact(db: Database): void {
  const answer = db.query<{ integrity_check: string }, []>("pragma integrity_check").get()?.integrity_check;
  if (answer !== "ok") throw new Error(answer ?? "no answer");
}

/** Chance that repeats itself (mulberry32). */
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
  const [changes = 200, stride = 1] = process.argv.slice(2).map(Number);
  for (const mode of ["strict", "window"] as const)
    console.log(mode, await powerLossOfClicks({ changes, mode, stride }));
  process.exit(0);
}
