/**
 * Redirects and changes on a disk of which 5 % of the syncs come 200 ms late, against the same on a quiet disk.
 * Exits with 1 when a redirect waits for more than it may: in `window` mode 5 ms at the 99th percentile, in `strict`
 * mode one late sync and 20 ms. Usage; the long form is 300 seconds:
 *
 *     bun test/program/slow-disk.ts [seconds = 15]
 */
import { rmSync } from "node:fs";
import { emptyFolder, type Running, startWaypost } from "./executable-server.ts";

const SECONDS = Number(process.argv[2] ?? 15);
const DELAY_MS = 200;
const KEY = "slow-disk-test-key-0123456789abcdefg";
/** Few and at a steady pace: what is measured is waiting, not how much the machine can do. */
const VISITORS = 8;
const EVERY_MS = 10;

interface Seen {
  readonly visits: number;
  readonly failed: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly changes: number;
  readonly changesRefused: number;
}

async function load(server: Running): Promise<Seen> {
  const took: number[] = [];
  let failed = 0;
  let changes = 0;
  let changesRefused = 0;
  const until = performance.now() + SECONDS * 1000;
  const visitor = async (): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now();
      const response = await fetch(`${server.url}/slow`, { redirect: "manual" });
      await response.arrayBuffer();
      took.push(performance.now() - began);
      if (response.status !== 302) failed++;
      await Bun.sleep(EVERY_MS);
    }
  };
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      const body = { destinationUrl: "https://example.com/" };
      const { status } = await server.api("POST", "/links", { key: KEY, body });
      if (status === 201) changes++;
      else changesRefused++;
      await Bun.sleep(EVERY_MS);
    }
  };
  await Promise.all([...Array.from({ length: VISITORS }, visitor), writer()]);
  took.sort((a, b) => a - b);
  const [p99Ms, worstMs] = [took[Math.floor(took.length * 0.99)]!, took.at(-1)!].map((ms) =>
    Number(ms.toFixed(1)),
  );
  return { visits: took.length, failed, p99Ms: p99Ms!, worstMs: worstMs!, changes, changesRefused };
}

async function measured(durability: "window" | "strict") {
  const folder = emptyFolder();
  const server = await startWaypost(
    { WAYPOST_SETUP_KEY: KEY, WAYPOST_RATE_LIMIT: "0", WAYPOST_CLICKS_DURABILITY: durability },
    folder,
  );
  const body = { destinationUrl: "https://example.com/", slug: "slow" };
  await server.api("POST", "/links", { key: KEY, body });
  const trace = ["-f", "-e", "trace=fsync,fdatasync", "-o", "/dev/null", "-p", String(server.process.pid)];
  const behind = async (...inject: string[]) => {
    // The quiet disk is watched too: being watched costs something.
    const strace = Bun.spawn(["strace", "--seccomp-bpf", ...inject, ...trace], { stderr: "pipe" });
    await strace.stderr.getReader().read();
    const seen = await load(server);
    strace.kill("SIGTERM");
    await strace.exited;
    return seen;
  };
  await behind();
  const quiet = await behind();
  const slow = await behind("-e", `inject=fsync,fdatasync:delay_enter=${DELAY_MS * 1000}:when=1+20`);
  const exit = await server.stop();
  rmSync(folder, { recursive: true, force: true });
  const allowedMs = durability === "strict" ? DELAY_MS + 20 : 5;
  const addedMs = Number((slow.p99Ms - quiet.p99Ms).toFixed(1));
  return {
    durability,
    quiet,
    slow,
    addedMs,
    allowedMs,
    exit,
    kept: addedMs <= allowedMs && slow.failed === 0,
  };
}

if (!Bun.which("strace")) {
  console.error("strace is not installed. Install the package strace and run this again.");
  process.exit(2);
}
const results = [await measured("window"), await measured("strict")];
console.log(JSON.stringify(results, null, 2));
process.exit(results.every(({ kept }) => kept) ? 0 : 1);
