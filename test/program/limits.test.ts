import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../src/main.ts");
const KEY = `limits-key-${"0".repeat(40)}`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "waypost-limits-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(name: string, settings: Record<string, string>) {
  const child = Bun.spawn([process.execPath, main, "serve"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"]!,
      WAYPOST_PORT: "0",
      WAYPOST_DATA_DIR: join(folder, name),
      WAYPOST_SETUP_KEY: KEY,
      WAYPOST_ALLOW_EPHEMERAL: "true",
      WAYPOST_DISK_RESERVE: "0B",
      WAYPOST_LOG_FORMAT: "json",
      ...settings,
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  let told = "";
  const url = new Promise<string>((resolve, reject) => {
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const bytes of stream) {
        told += new TextDecoder().decode(bytes);
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(told) ?? /http:\/\/localhost:\d+/.exec(told);
        if (found) resolve(found[0]);
      }
    };
    void Promise.all([read(child.stdout), read(child.stderr)]).then(() => reject(new Error(told)));
  });
  return { url: await url, child };
}

/** So many calls over fifty connections, each with another forged address; how many passed. */
async function passed(url: string, calls: number): Promise<number> {
  let begun = 0;
  let count = 0;
  const connection = async () => {
    while (begun < calls) {
      const headers = { authorization: `Bearer ${KEY}`, "x-forwarded-for": `203.0.113.${begun++ % 250}` };
      const { status } = await fetch(`${url}/api/v1/tiers`, { headers });
      if (status === 200) count++;
      else expect(status).toBe(429);
    }
  };
  await Promise.all(Array.from({ length: 50 }, connection));
  return count;
}

test("from fifty connections, with a stop in the middle and forged addresses, exactly the limit passes", async () => {
  const settings = { WAYPOST_RATE_LIMIT: "0", WAYPOST_RATE_TIER: "pro" };
  const first = await start("stopped", settings);
  const before = await passed(first.url, 600);
  first.child.kill("SIGTERM");
  await first.child.exited;
  const second = await start("stopped", settings);
  const after = await passed(second.url, 450);
  second.child.kill("SIGTERM");
  await second.child.exited;
  // 1,000 an hour. Should the hour turn meanwhile, which no clock of ours can hinder, one window more.
  expect([1000, 1050]).toContain(before + after);
  expect(before).toBe(600);
}, 60_000);

test("killed without a word, it forgives the last two seconds and no more", async () => {
  const settings = { WAYPOST_RATE_LIMIT: "0", WAYPOST_RATE_TIER: "pro" };
  const first = await start("killed", settings);
  expect(await passed(first.url, 600)).toBe(600);
  // Written down every two seconds: what is asked of the database is no sleep.
  const { Database } = await import("bun:sqlite");
  const kept = () => {
    const db = new Database(join(folder, "killed", "waypost.db"), { readonly: true });
    const row = db.query("select used from rate_windows where seconds = 3600").get() as {
      used: number;
    } | null;
    db.close();
    return row?.used ?? 0;
  };
  const until = performance.now() + 10_000;
  while (kept() < 600 && performance.now() < until) await Bun.sleep(50);
  expect(kept()).toBe(600);
  first.child.kill("SIGKILL");
  await first.child.exited;
  const second = await start("killed", settings);
  const after = await passed(second.url, 450);
  second.child.kill("SIGTERM");
  await second.child.exited;
  expect([400, 450]).toContain(after);
}, 60_000);
