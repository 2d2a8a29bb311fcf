/**
 * Kills a process with changes and jobs, again and again, at any moment. Afterwards every change that was committed
 * has run its job at least once, and none that was rolled back ever has. Usage:
 *
 *     bun test/program/jobs-kill.ts [kills = 200] [changes = 80000] [seed = 1] [postgres url] [longest life = 80]
 *
 * `postgres` in place of a URL starts a server of its own.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asc, eq } from "drizzle-orm";
import { openDatabase } from "../../src/db/open.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

export interface KillResult {
  readonly kills: number;
  readonly acknowledged: number;
  readonly committed: number;
  /** Acknowledged, and not there. */
  readonly forgotten: string[];
  /** Committed, and never run. */
  readonly lost: string[];
  /** Run, and never committed. */
  readonly ghosts: string[];
  readonly runTwice: number;
  /** Periodic slots that ran more than once. */
  readonly slotsTwice: number;
  readonly slots: number;
  readonly dead: number;
}

/** About as long as the changes of one life take on SQLite. */
const LIFE_MS = 80;
const FINISH_WITHIN_MS = 120_000;

export async function killJobs(
  folder: string,
  kills: number,
  changes: number,
  seed: number,
  databaseUrl: string | null = null,
  lifeMs = LIFE_MS,
): Promise<KillResult> {
  const random = seeded(seed);
  const acknowledged = new Set<string>();
  const perLife = Math.ceil(changes / Math.max(1, kills));
  for (let life = 0; life < kills; life++) {
    const driver = drive(folder, `l${life}`, perLife, databaseUrl, acknowledged);
    await driver.said("started");
    await Promise.race([Bun.sleep(random() * lifeMs), driver.said("idle")]);
    driver.child.kill("SIGKILL");
    await driver.ended;
  }
  const last = drive(folder, "last", 40, databaseUrl, acknowledged);
  await last.said("idle");
  const result = async () => count(folder, databaseUrl, kills, acknowledged);
  // On Postgres the jobs of the dead come back when their leases have been silent for long enough.
  for (const until = performance.now() + FINISH_WITHIN_MS; performance.now() < until; await Bun.sleep(500))
    if ((await running(folder, databaseUrl, last)) === 0) break;
  last.child.kill("SIGTERM");
  await last.ended;
  return result();
}

interface Driver {
  readonly child: Bun.Subprocess;
  readonly ended: Promise<unknown>;
  said(word: string): Promise<void>;
}

/** Starts a driver, and notes what it says it has committed. */
export function drive(
  folder: string,
  life: string,
  changes: number,
  databaseUrl: string | null,
  acknowledged: Set<string>,
): Driver {
  const child = Bun.spawn(
    [
      ...[process.execPath, join(import.meta.dir, "jobs-driver.ts"), folder, life, String(changes)],
      ...(databaseUrl ? [databaseUrl] : []),
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const words = new Map<string, PromiseWithResolvers<void>>();
  const word = (text: string) => {
    const known = words.get(text) ?? Promise.withResolvers<void>();
    words.set(text, known);
    return known;
  };
  const heard = (async () => {
    let rest = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "started" || line === "idle") word(line).resolve();
        else acknowledged.add(line);
      }
    }
    for (const one of words.values()) one.resolve();
  })();
  return { child, ended: Promise.all([child.exited, heard]), said: (text) => word(text).promise };
}

/** Asked of the file only when its process has stopped; on Postgres at any time. */
async function running(folder: string, databaseUrl: string | null, driver: Driver): Promise<number> {
  if (databaseUrl === null || driver.child.exitCode !== null) return 0;
  const db = await openDatabase({ databaseUrl, dataDir: folder, clock: systemClock, log: silentLog });
  const left = await db.read.$count(db.tables.jobs, eq(db.tables.jobs.state, "running"));
  const waiting = await db.read.$count(db.tables.jobs, eq(db.tables.jobs.state, "waiting"));
  await db.close();
  return left + waiting;
}

export async function count(
  folder: string,
  databaseUrl: string | null,
  kills: number,
  acknowledged: ReadonlySet<string>,
): Promise<KillResult> {
  const db = await openDatabase({ databaseUrl, dataDir: folder, clock: systemClock, log: silentLog });
  const { events, jobs } = db.tables;
  const rows = await db.read
    .select()
    .from(events)
    .where(eq(events.type, "test.made"))
    .orderBy(asc(events.id));
  const committed = new Set(rows.map(({ subjectId }) => subjectId));
  const dead = await db.read.$count(jobs, eq(jobs.state, "dead"));
  await db.close();
  const path = join(folder, "ran");
  const lines = (existsSync(path) ? readFileSync(path, "utf8") : "")
    .split("\n")
    .filter((line) => line !== "");
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  const [slots, marks] = [
    [...times].filter(([line]) => line.startsWith("slot ")),
    [...times].filter(([line]) => !line.startsWith("slot ")),
  ];
  const ran = new Set(marks.map(([line]) => line.split(" ")[0]!));
  return {
    kills,
    acknowledged: acknowledged.size,
    committed: committed.size,
    forgotten: [...acknowledged].filter((name) => !committed.has(name)),
    lost: [...committed].filter((name) => !ran.has(name)),
    ghosts: [...ran].filter((name) => !committed.has(name)),
    runTwice: marks.filter(([, many]) => many > 1).length,
    slotsTwice: slots.filter(([, many]) => many > 1).length,
    slots: slots.length,
    dead,
  };
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (import.meta.main) {
  const { freshFolder } = await import("../support/sqlite.ts");
  const { freshPostgresUrl } = await import("../support/postgres.ts");
  const [kills = 200, changes = 80_000, seed = 1] = process.argv.slice(2, 5).map(Number);
  const [where, life] = process.argv.slice(5, 7);
  const url = where === "postgres" ? await freshPostgresUrl("migrated") : (where ?? null);
  const result = await killJobs(freshFolder(), kills, changes, seed, url, Number(life ?? LIFE_MS));
  console.log(JSON.stringify(result, null, 2));
  const { forgotten, lost, ghosts } = result;
  process.exit(forgotten.length + lost.length + ghosts.length === 0 ? 0 : 1);
}
