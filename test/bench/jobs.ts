import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { eq } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { openDatabase } from "../../src/db/open.ts";
import { createLink } from "../../src/features/links/create.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { silentLog } from "../../src/lib/log.ts";
import { type Context, systemActor } from "../../src/platform/context.ts";
import { claimStatements } from "../../src/platform/jobs/claims.ts";
import { insertJobs, jobRow } from "../../src/platform/jobs/enqueue.ts";
import { defineJob } from "../../src/platform/jobs/job.ts";
import { testApp } from "../support/app.ts";
import { freshPostgresUrl, postgresServer } from "../support/postgres.ts";
import { counter, enqueueing, fill, openLoop } from "./jobs-load.ts";
import { type Bench, type Measure, median } from "./measure.ts";
import { wrk } from "./wrk.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
/** Parts of it, by name, with commas between. */
const ONLY = process.env["BENCH_JOBS_ONLY"]?.split(",");
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
const MILLION = Number(process.env["BENCH_JOBS"] ?? 1_000_000);
const IDLE_MS = 10_000;
const never = defineJob({ name: "test.never", args: t.Object({}), run: () => new Promise(() => {}) });

export const bench: Bench = {
  about:
    "jobs: what enqueueing costs a change, how many run a second, a million waiting, a loud tenant, idleness",
  needs: ["wrk", "taskset"],
  async run() {
    const url = (await postgresServer()) ? () => freshPostgresUrl("empty") : null;
    const parts: Record<string, () => Promise<Measure[]>> = {
      enqueue: async () => [...(await enqueueCost("sqlite")), ...(url ? await enqueueCost("postgres") : [])],
      rate: async () => [
        ...(await throughput("SQLite", null, 5000)),
        ...(url ? await throughput("Postgres", await url(), 2000) : []),
      ],
      million: async () => [
        ...(await aMillion("SQLite", null)),
        ...(url ? await aMillion("Postgres", await url()) : []),
      ],
      idle: async () => [
        await idleness("SQLite", null),
        ...(url ? [await idleness("Postgres", await url())] : []),
      ],
      redirect: async () => [
        ...(await redirects("SQLite", null, 5000)),
        ...(url ? await redirects("Postgres", await url(), 2000) : []),
      ],
    };
    const measures: Measure[] = [];
    for (const [name, part] of Object.entries(parts))
      if (ONLY?.includes(name) ?? true) measures.push(...said(await part()));
    return measures;
  },
};

/** A bench of minutes says how far it is. */
function said(measures: Measure[]): Measure[] {
  for (const { what, value, unit } of measures) console.error(`  ${what}: ${value.toPrecision(3)} ${unit}`);
  return measures;
}

async function opened<T>(
  databaseUrl: string | null,
  work: (db: Database, dataDir: string) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "waypost-bench-jobs-"));
  const db = await openDatabase({ databaseUrl, dataDir, clock: systemClock, log: silentLog });
  try {
    return await work(db, dataDir);
  } finally {
    await db.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Making a link, and the same with a job in its transaction, in turns. */
async function enqueueCost(kind: "sqlite" | "postgres"): Promise<Measure[]> {
  process.env["TEST_DATABASE"] = kind;
  const app = await testApp();
  const { id: workspaceId } = (await app.call("GET", "/workspace")).body.data;
  const { ports, worker } = app.app;
  const { db } = ports;
  const origin = { requestId: null, network: null, userAgent: null };
  const rest = { origin, at: 0, target: "", idempotencyKey: null };
  const bare: Context = { ...ports, jobs: worker, actor: systemActor(workspaceId, []), ...rest };
  const job = counter("test.count").job;
  const withJob: Context = {
    ...bare,
    db: {
      ...db,
      transaction: (work) =>
        db.transaction(async (tx) => {
          const result = await work(tx);
          const by = { actorId: "bench", workspaceId, now: tx.now };
          // Later than this bench, so that nothing but the enqueueing is measured.
          await insertJobs(tx, db, [
            jobRow(newId("job", tx.now), job, {}, by, { runAt: tx.now + 3_600_000 }),
          ]);
          return result;
        }),
    },
  };
  // The time of this process on SQLite, all threads; on Postgres the server works too, and only a wall clock sees it.
  const spent = (): number => {
    const { user, system } = process.cpuUsage();
    return kind === "sqlite" ? user + system : performance.now() * 1000;
  };
  const links = async (ctx: Context): Promise<number> => {
    const began = spent();
    for (let i = 0; i < 320; i += 16)
      await Promise.all(
        Array.from({ length: 16 }, () =>
          createLink(ctx, { destinationUrl: "https://example.com/landing?x=1" }),
        ),
      );
    return (spent() - began) / 320;
  };
  for (let warm = 0; warm < 5; warm++) for (const ctx of [bare, withJob]) await links(ctx);
  // Short rounds in turns, so that whatever else the machine does falls on both.
  const alone: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS * 10; round++) {
    const first = round % 2 === 0 ? await links(bare) : null;
    const together = await links(withJob);
    const without = first ?? (await links(bare));
    alone.push(without);
    ratios.push(together / without);
  }
  await app.close();
  const value = (median(ratios) - 1) * 100;
  return [
    { what: `making a link, ${kind}`, value: median(alone), unit: "µs" },
    { what: "… what a job adds to it", value, unit: "%", budget: { max: 20 } },
  ];
}

async function throughput(name: string, url: string | null, least: number): Promise<Measure[]> {
  return opened(url, async (db) => {
    const jobs = counter("test.count");
    const rates: number[] = [];
    const costs: number[] = [];
    const count = 20_000;
    for (let round = 0; round < Math.min(3, ROUNDS); round++) {
      await fill(db, jobs.job, count, "ws_bench");
      const done = jobs.until(count);
      const loop = openLoop(db, [jobs.job]);
      const [cpu, began] = [process.cpuUsage(), performance.now()];
      await loop.worker.start();
      await done;
      const { user, system } = process.cpuUsage(cpu);
      rates.push((count / (performance.now() - began)) * 1000);
      costs.push((user + system) / count);
      await loop.worker.idle();
      await loop.worker.stop();
    }
    return [
      { what: `no-op jobs, ${name}`, value: median(rates), unit: "jobs/s", budget: { min: least } },
      {
        what: `… of one core's time, all threads`,
        value: 1e6 / median(costs),
        unit: "jobs/s",
        budget: { min: least },
      },
    ];
  });
}

/** A tenant with a million jobs whose work hangs, beside a hundred quiet ones. */
async function aMillion(name: string, url: string | null): Promise<Measure[]> {
  return opened(url, async (db, dataDir) => {
    const aside = async (count: number): Promise<void> => {
      const script = join(import.meta.dir, "jobs-fill.ts");
      const more = url === null ? [] : [url];
      const command = [process.execPath, script, dataDir, String(count), "ws_loud", ...more];
      if ((await Bun.spawn(command, { stderr: "inherit" }).exited) !== 0)
        throw new Error("no jobs were made");
    };
    const claimMs = async (): Promise<number> => {
      const { claim, nextLanes } = claimStatements(db.dialect);
      const times: number[] = [];
      for (let i = 0; i < 50; i++) {
        const began = performance.now();
        await db.each(nextLanes, [{ queue: "default", after: "", lanes: 128, owner: "bench" }]);
        await db.each(claim, [
          { queue: "default", lane: "ws_loud", count: 1, owner: "bench", leaseUntil: 0, now: 0 },
        ]);
        times.push(performance.now() - began);
      }
      // They would count as run by a process that lives, and fill the lane until it is known to be dead.
      const { jobs } = db.tables;
      const waiting = { state: "waiting", owner: null, leaseUntil: null, attempts: 0 } as const;
      await db.transaction((tx) => tx.update(jobs).set(waiting).where(eq(jobs.owner, "bench")));
      return median(times);
    };
    await aside(1000);
    const shallow = await claimMs();
    await aside(MILLION);
    const deep = await claimMs();
    Bun.gc(true);
    const rss = process.memoryUsage.rss();
    const quiet = counter("test.count");
    const latencies: number[] = [];
    const timed = defineJob({
      name: "test.timed",
      args: t.Object({ at: t.Number() }),
      run: async (_, { at }) => void latencies.push(performance.now() - at),
    });
    const loop = openLoop(db, [never, timed, quiet.job]);
    const began = performance.now();
    await loop.worker.start();
    while (loop.worker.health().running === 0) await Bun.sleep(1);
    const startMs = performance.now() - began;
    while (loop.worker.health().running < 25) await Bun.sleep(5);
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, tenant) => {
          const ctx = { ...loop.ctx, actor: systemActor(`ws_quiet${tenant}`, []) };
          return enqueueing(ctx, timed, { at: performance.now() }, 1);
        }),
      );
      await Bun.sleep(250);
    }
    while (latencies.length < 2000) await Bun.sleep(10);
    const grown = (process.memoryUsage.rss() - rss) / 1e6;
    const p99 = latencies.toSorted((a, b) => a - b)[1979]!;
    await loop.worker.stop();
    return [
      {
        what: `claim with ${MILLION.toLocaleString("en-US")} waiting / with 1,000, ${name}`,
        value: deep / shallow,
        unit: "×",
        budget: { max: 2 },
      },
      { what: "… a claim", value: deep, unit: "ms" },
      { what: "… start to the first job", value: startMs, unit: "ms", budget: { max: 2000 } },
      { what: "… memory over idle", value: grown, unit: "MB", budget: { max: 60 } },
      {
        what: "… whose 25 slots hang: p99 of 100 quiet tenants",
        value: p99,
        unit: "ms",
        budget: { max: 2000 },
      },
    ];
  });
}

/** What the loop adds to a process that does nothing else. */
async function idleness(name: string, url: string | null): Promise<Measure> {
  const share = async (kind: "with" | "without"): Promise<number> => {
    const dataDir = mkdtempSync(join(tmpdir(), "waypost-bench-jobs-"));
    const script = join(import.meta.dir, "jobs-idle.ts");
    const more = url === null ? [] : [url];
    const child = Bun.spawn([process.execPath, script, dataDir, String(IDLE_MS), kind, ...more], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const text = await new Response(child.stdout).text();
    rmSync(dataDir, { recursive: true, force: true });
    return Number(text);
  };
  const [without, loop] = [await share("without"), await share("with")];
  console.error(
    `  ${name}, idle without a loop: ${without.toPrecision(2)} %, with one: ${loop.toPrecision(2)} %`,
  );
  const value = Math.max(0, loop - without);
  return { what: `an idle loop, ${name}`, value, unit: "% of a core", budget: { max: 0.5 } };
}

/** More than run in one round. */
const LYING = 15_000 * SECONDS;

/** Redirects of the whole app on one core, alone and while thousands of jobs run a second. */
async function redirects(name: string, databaseUrl: string | null, least: number): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), "waypost-bench-jobs-"));
  const key = "bench-key-0123456789abcdefghijklmnop";
  const server = Bun.spawn(
    [
      "taskset",
      "-c",
      "0",
      process.execPath,
      join(import.meta.dir, "servers/jobs.ts"),
      folder,
      String(LYING),
      key,
      ...(databaseUrl === null ? [] : [databaseUrl]),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const lines = linesOf(server.stdout);
  const say = async (word: string): Promise<string> => {
    server.stdin.write(`${word}\n`);
    await server.stdin.flush();
    return (await lines.next()).value!;
  };
  try {
    let url = "";
    while (!url.startsWith("http")) url = (await lines.next()).value!;
    await fetch(`${url}/api/v1/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ destinationUrl: "https://example.com/", slug: "hot" }),
    });
    const visiting = { connections: 64, arguments: [`${url}/hot`] };
    while ((await lines.next()).value !== "ready");
    await wrk(visiting, 2);
    const ratios: number[] = [];
    const ran: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const alone = await wrk(visiting, SECONDS);
      await say("busy");
      const busy = await wrk(visiting, SECONDS);
      ran.push(Number((await say("refill")).split(" ")[1]) / SECONDS);
      while ((await lines.next()).value !== "ready");
      ratios.push(busy.p99Ms / alone.p99Ms);
    }
    return [
      {
        what: `jobs meanwhile, with redirects at full load on the same core, ${name}`,
        value: median(ran),
        unit: "jobs/s",
        budget: { min: least },
      },
      {
        what: `redirect p99, while jobs run / alone, ${name}`,
        value: median(ratios),
        unit: "×",
        budget: { max: 1.3 },
      },
    ];
  } finally {
    server.kill();
    await server.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  return "";
}
