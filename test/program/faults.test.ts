import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import {
  bareEnv,
  emptyFolder,
  eventually,
  executable,
  type Running,
  startWaypost,
} from "./executable-server.ts";

const KEY = "fault-test-key-0123456789abcdefghij";
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const isRoot = process.getuid?.() === 0;

const start = (env: Record<string, string> = {}, folder?: string) =>
  startWaypost({ WAYPOST_SETUP_KEY: KEY, WAYPOST_RATE_LIMIT: "0", ...env }, folder);
const visit = (server: Running, path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { redirect: "manual", headers: { "user-agent": BROWSER, ...headers } });
const link = (server: Running, slug: string, fields: Record<string, unknown> = {}) =>
  server.api("POST", "/links", {
    key: KEY,
    body: { destinationUrl: "https://example.com/", slug, ...fields },
  });

test("asked to stop, it answers everybody inside, says goodbye to connections, and ends well", async () => {
  const server = await start();
  await link(server, "stop");
  const inside = Array.from({ length: 300 }, (_, i) =>
    i % 3 === 0
      ? link(server, `s-${i}`).then(({ status }) => status)
      : visit(server, "/stop").then(({ status }) => status),
  );
  await Promise.race(inside);
  server.process.kill("SIGTERM");
  const statuses = await Promise.allSettled(inside);
  expect(await server.process.exited).toBe(0);
  const answered = statuses.filter((one) => one.status === "fulfilled").map((one) => one.value);
  // Those whose connection was not yet accepted are refused by the system; nobody gets half an answer or a failure.
  expect(answered.filter((status) => ![201, 302, 503].includes(status))).toEqual([]);
  const again = await start({}, server.folder);
  const created = answered.filter((status) => status === 201).length;
  const { body } = await again.api("GET", "/links/count?search=s-", { key: KEY });
  expect(body.data.count).toBeGreaterThanOrEqual(created);
  await again.stop();
});

test("no secret and no whole address is in the log, and every line of it is one JSON object", async () => {
  const server = await start({ WAYPOST_LOG_LEVEL: "debug", WAYPOST_TRUSTED_PROXIES: "127.0.0.1" });
  const address = "203.0.113.77";
  const password = "canary-password-93751";
  const { data } = await server.api("POST", "/keys", { key: KEY, body: { name: "canary" } });
  // What would end a line, or colour it, is refused in a name and taken in a title.
  await server.api("POST", "/keys", { key: KEY, body: { name: "canary\r\n\u001b[31m" } });
  const titled = { destinationUrl: "https://example.com/", title: "canary\r\n\u001b[31m" };
  await server.api("POST", "/links", { key: KEY, body: titled });
  const headers = { "x-forwarded-for": address, authorization: `Bearer ${data.secret}` };
  await link(server, "canary");
  await visit(server, "/canary", headers);
  await visit(server, `/api/v1/links?search=${password}`, headers);
  await visit(server, "/api/v1/links", { ...headers, authorization: `Bearer ${data.secret}x` });
  await server.api("POST", "/setup", { body: { code: "x", email: "a@b.co", password, workspaceName: "x" } });
  await server.api("POST", "/links", {
    key: KEY,
    body: { destinationUrl: `https://user:${password}@example.com/` },
  });
  await server.stop();
  const log = server.log();
  for (const canary of [KEY, data.secret, password, address]) expect(log).not.toContain(canary);
  for (const line of log.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
  expect(log).not.toContain("\u001b");
  const found = Bun.spawnSync([
    "grep",
    "-rlaF",
    "-e",
    address,
    "-e",
    data.secret,
    "-e",
    password,
    join(server.folder, "data"),
  ]);
  expect(found.stdout.toString()).toBe("");
});

test("it calls nobody: started, used and left alone it opens no connection outwards", async () => {
  if (!Bun.which("strace")) return console.warn("strace is not installed: skipped");
  const folder = emptyFolder();
  const trace = join(folder, "trace");
  const server = await start({}, folder);
  const strace = Bun.spawn(
    ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", trace, "-p", String(server.process.pid)],
    { stderr: "pipe" },
  );
  // It says so once it watches.
  await strace.stderr.getReader().read();
  await link(server, "quiet");
  await visit(server, "/quiet");
  await visit(server, "/api/v1/docs");
  await Bun.sleep(1500);
  await server.stop();
  await strace.exited;
  const outwards = readFileSync(trace, "utf8")
    .split("\n")
    .filter(
      (line) =>
        /connect\(\d+, \{sa_family=AF_INET/.test(line) || /send(to|msg)\(.*sa_family=AF_INET/.test(line),
    );
  expect(outwards).toEqual([]);
}, 120_000);

test("metrics stand on the private listener, with help and type, and few series", async () => {
  const port = await freePort();
  const server = await start({ WAYPOST_METRICS_LISTEN: `127.0.0.1:${port}` });
  await link(server, "measured");
  await visit(server, "/measured");
  const text = await eventually(
    async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    (now) => now.includes("waypost_clicks_folded_total 1"),
  );
  const names = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name!));
  for (const line of text
    .trim()
    .split("\n")
    .filter((one) => one !== "" && !one.startsWith("#"))) {
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)![0];
    expect(names.has(name) || names.has(name.replace(/_(bucket|sum|count|total)$/, ""))).toBe(true);
  }
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    if (name!.startsWith("waypost_")) expect(name!.endsWith("_total")).toBe(type === "counter");
  expect(text.split("\n").length).toBeLessThan(5000);
  expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()).toEqual({
    ready: true,
    problems: {},
  });
  expect((await visit(server, "/metrics")).status).toBe(401);
  expect(await (await visit(server, "/readyz")).json()).toEqual({ ready: true });
  await server.stop();
});

test("a body beyond the limit is refused in the API's own words, declared or not", async () => {
  const server = await start({ WAYPOST_BODY_LIMIT: "10kB" });
  const text = JSON.stringify({ destinationUrl: "https://example.com/", description: "x".repeat(20_000) });
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });
  for (const body of [text, chunked]) {
    const response = await fetch(`${server.url}/api/v1/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(413);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    expect(await response.json()).toMatchObject({ success: false, error: { code: "PAYLOAD_TOO_LARGE" } });
  }
  await server.stop();
});

test("no page of another site gets an answer it may read with a visitor's rights", async () => {
  const server = await start();
  for (const origin of ["null", "https://evil.example", `${server.url}.evil.example`, server.url])
    for (const method of ["GET", "OPTIONS", "POST"]) {
      const response = await fetch(`${server.url}/api/v1/links`, {
        method,
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization",
        },
      });
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    }
  await server.stop();
});

test("out of file descriptors it keeps what it has, and is well again when they come back", async () => {
  const folder = emptyFolder();
  const port = await freePort();
  const child = Bun.spawn(["bash", "-c", `ulimit -n 256; exec ${executable} serve`], {
    cwd: folder,
    env: bareEnv({ WAYPOST_PORT: String(port), WAYPOST_SETUP_KEY: KEY, WAYPOST_LOG_LEVEL: "error" }),
    stdout: "ignore",
    stderr: Bun.file(join(folder, "stderr")),
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually(ready, (yes) => yes);
  const sockets: Socket[] = [];
  for (let i = 0; i < 600; i++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
  }
  await Bun.sleep(500);
  for (const socket of sockets) socket.destroy();
  expect(await eventually(ready, (yes) => yes)).toBe(true);
  expect(child.exitCode).toBeNull();
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
}, 120_000);

const mounted: string[] = [];
/** A file system of its own with this much room; null where we may not mount. */
function smallDisk(megabytes: number): string | null {
  if (!isRoot || !Bun.which("mount")) return null;
  const folder = emptyFolder();
  const mount = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  if (mount.exitCode !== 0) return null;
  mounted.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of mounted) Bun.spawnSync(["umount", "-l", folder]);
});

test("on a full disk visitors are sent on, changes are refused as 507, what was not counted is told, and it heals", async () => {
  const disk = smallDisk(200);
  if (!disk) return console.warn("no right to mount a small disk: skipped");
  mkdirSync(join(disk, "data"));
  const port = await freePort();
  const server = await start({
    WAYPOST_DATA_DIR: join(disk, "data"),
    WAYPOST_DISK_RESERVE: "1MB",
    WAYPOST_METRICS_LISTEN: `127.0.0.1:${port}`,
  });
  await link(server, "full");
  const ballast = join(disk, "ballast");
  fill(ballast);
  const changed = await eventually(
    () => link(server, `x-${Math.random()}`),
    ({ status }) => status === 507,
  );
  expect(changed.body.error.code).toBe("INSUFFICIENT_STORAGE");
  let sent = 0;
  for (let i = 0; i < 200; i++) if ((await visit(server, "/full")).status === 302) sent++;
  expect(sent).toBe(200);
  rmSync(ballast);
  const healed = await eventually(
    () => link(server, `y-${Math.random()}`),
    ({ status }) => status === 201,
  );
  expect(healed.status).toBe(201);
  const numbers = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const value = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, "gm"))].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    return {
      recorded: value("waypost_clicks_recorded_total"),
      unrecorded: value("waypost_clicks_unrecorded_total"),
    };
  };
  const { recorded, unrecorded } = await numbers();
  expect(recorded + unrecorded).toBe(200);
  await server.stop();
}, 120_000);

/** Takes every block there is. */
function fill(path: string): void {
  const chunk = Buffer.alloc(256 * 1024, 1);
  try {
    for (;;) writeFileSync(path, chunk, { flag: "a" });
  } catch {}
  try {
    for (;;) writeFileSync(path, Buffer.alloc(512, 1), { flag: "a" });
  } catch {}
}
