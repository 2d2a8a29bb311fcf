/**
 * Writes to the compiled program while somebody reads its database and does not end (R-22 in its long form: an hour of
 * writes, ten minutes of reading). Says what the log grew to, what /metrics and /readyz told meanwhile, how long writes
 * took, and what was left of the log afterwards. Usage:
 *
 *     bun test/program/starved.ts [seconds = 3600] [seconds of reading = 600]
 */
import { Database } from "bun:sqlite";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { emptyFolder, eventually, startWaypost } from "./executable-server.ts";

const [seconds = 3600, readingSeconds = 600] = process.argv.slice(2).map(Number);
const KEY = "starved-test-key-0123456789abcdefghij";
const WRITERS = 4;

const metricsPort = await freePort();
const folder = emptyFolder();
const server = await startWaypost(
  {
    WAYPOST_SETUP_KEY: KEY,
    WAYPOST_RATE_LIMIT: "0",
    WAYPOST_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    WAYPOST_LOG_LEVEL: "info",
  },
  folder,
);
const path = join(folder, "data/waypost.db");
const walBytes = () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
const inside = (what: string) => fetch(`http://127.0.0.1:${metricsPort}/${what}`);

const took: number[] = [];
let failed = 0;
let going = true;
/** Long descriptions: the log grows by what is written. */
const body = { destinationUrl: "https://example.com/", description: "x".repeat(2000) };
const writers = Array.from({ length: WRITERS }, async () => {
  while (going) {
    const began = performance.now();
    const { status } = await server.api("POST", "/links", { key: KEY, body });
    took.push(performance.now() - began);
    if (status !== 201) failed++;
  }
});

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const reader = new Database(path, { readonly: true });
reader.run("begin");
reader.query("select count(*) from links").get();
let walMax = 0;
let wasTold = false;
while (elapsed() < readingSeconds) {
  await Bun.sleep(200);
  walMax = Math.max(walMax, walBytes());
  if (wasTold) continue;
  wasTold = /^waypost_database_wal_starved 1$/m.test(await (await inside("metrics")).text());
}
const readyWhile = await (await inside("readyz")).json();
reader.run("rollback");
reader.close();
const walAfter = await eventually(
  async () => walBytes(),
  (bytes) => bytes < 64_000_000,
  120_000,
);
while (elapsed() < seconds) await Bun.sleep(200);
going = false;
await Promise.all(writers);
const readyAfter = await (await inside("readyz")).json();
const exit = await server.stop();
took.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    seconds,
    readingSeconds,
    writes: took.length,
    failed,
    writeP99Ms: Math.round(took[Math.floor(took.length * 0.99)] ?? 0),
    walMaxMB: Math.round(walMax / 1e6),
    walAfterMB: Math.round(walAfter / 1e6),
    wasTold,
    readyWhile,
    readyAfter,
    exit,
  }),
);
rmSync(folder, { recursive: true, force: true });

async function freePort(): Promise<number> {
  const one = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = one;
  await one.stop(true);
  return port!;
}
