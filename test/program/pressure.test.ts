import { Database } from "bun:sqlite";
import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import {
  bareEnv,
  emptyFolder,
  eventually,
  executable,
  type Running,
  startWaypost,
} from "./executable-server.ts";

/** The program on a machine that gives it too little of something: nothing acknowledged is lost, and it heals by itself. */
const KEY = "pressure-test-key-0123456789abcdefg";
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const isRoot = process.getuid?.() === 0;
const RESERVE = { WAYPOST_SETUP_KEY: KEY, WAYPOST_RATE_LIMIT: "0", WAYPOST_DISK_RESERVE: "1MB" };

const visit = (server: Pick<Running, "url">, path: string) =>
  fetch(`${server.url}${path}`, { redirect: "manual", headers: { "user-agent": BROWSER } });
const make = (server: Running, slug: string) =>
  server.api("POST", "/links", { key: KEY, body: { destinationUrl: "https://example.com/", slug } });
const clicksOf = async (server: Running, slug: string) =>
  (await server.api("GET", `/analytics/overview?link=${slug}&domain=127.0.0.1`, { key: KEY })).data
    ?.all as number;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
});
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) Bun.spawnSync(["umount", "-l", folder]);
});

async function visitsOf(server: Running, path: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await visit(server, path)).status);
  return [...new Set(statuses)];
}

/** Every write to a file fails from now on as on a file system that was mounted anew to be read only. */
async function readOnly(pid: number): Promise<() => Promise<void>> {
  const calls = "pwrite64,pwritev,ftruncate,fallocate,rename,unlink,mkdir";
  const strace = Bun.spawn(
    [
      "strace",
      "-f",
      "-e",
      `trace=${calls}`,
      "-e",
      `inject=${calls}:error=EROFS`,
      "-o",
      "/dev/null",
      "-p",
      String(pid),
    ],
    { stderr: "pipe" },
  );
  undo.push(() => strace.kill("SIGTERM"));
  await strace.stderr.getReader().read();
  return async () => {
    strace.kill("SIGTERM");
    await strace.exited;
  };
}

test("on a disk that has turned read-only every known link is served, changes are refused as 503, and it heals", async () => {
  if (!Bun.which("strace")) return console.warn("strace is not installed: skipped");
  const server = await startWaypost(RESERVE);
  await make(server, "known");
  const again = await readOnly(server.process.pid);
  const refused = await eventually(
    () => make(server, `r-${Math.random()}`),
    ({ status }) => status !== 201,
  );
  expect([refused.status, refused.body.error.code]).toEqual([503, "UNAVAILABLE"]);
  expect(await visitsOf(server, "/known", 300)).toEqual([302]);
  expect((await visit(server, "/readyz")).status).toBe(503);
  await again();
  const healed = await eventually(
    () => make(server, `h-${Math.random()}`),
    ({ status }) => status === 201,
  );
  expect(healed.status).toBe(201);
  expect(
    await eventually(
      () => clicksOf(server, "known"),
      (all) => all === 300,
    ),
  ).toBe(300);
  const { status } = await eventually(
    () => visit(server, "/readyz"),
    (one) => one.status === 200,
  );
  expect(status).toBe(200);
  expect(await server.stop()).toBe(0);
}, 120_000);

test("without a free inode it serves and counts, damages nothing, and is well again when there are some", async () => {
  const disk = emptyFolder();
  const mounted =
    isRoot &&
    Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=300m,nr_inodes=120", "tmpfs", disk], {
      stderr: "ignore",
    }).exitCode === 0;
  if (!mounted) return console.warn("no right to mount a small disk: skipped");
  folders.push(disk);
  const server = await startWaypost({ ...RESERVE, WAYPOST_DATA_DIR: join(disk, "data") });
  await make(server, "inodes");
  const takeAll = () => {
    for (let i = 0; ; i++)
      try {
        writeFileSync(join(disk, `taken-${i}`), "");
      } catch {
        return;
      }
  };
  takeAll();
  const made = await Promise.all(Array.from({ length: 50 }, (_, i) => make(server, `i-${i}`)));
  expect(made.filter(({ status }) => ![201, 503, 507].includes(status))).toEqual([]);
  expect(await visitsOf(server, "/inodes", 200)).toEqual([302]);
  for (const name of readdirSync(disk)) if (name.startsWith("taken-")) rmSync(join(disk, name));
  expect(
    await eventually(
      () => make(server, `o-${Math.random()}`),
      ({ status }) => status === 201,
    ),
  ).toMatchObject({
    status: 201,
  });
  expect(
    await eventually(
      () => clicksOf(server, "inodes"),
      (all) => all === 200,
    ),
  ).toBe(200);
  expect(await server.stop()).toBe(0);
  // All of them once more, from the start.
  takeAll();
  const late = Bun.spawn([executable, "serve"], {
    cwd: server.folder,
    env: bareEnv({ ...RESERVE, WAYPOST_PORT: "0", WAYPOST_DATA_DIR: join(disk, "data") }),
    stdout: "ignore",
    stderr: "ignore",
  });
  undo.push(() => late.kill("SIGKILL"));
  for (const name of readdirSync(disk)) if (name.startsWith("taken-")) rmSync(join(disk, name));
  late.kill("SIGKILL");
  await late.exited;
  for (const name of ["waypost.db", "clicks.db"]) {
    const db = new Database(join(disk, "data", name));
    expect(db.query("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
  }
}, 120_000);

test("with 256 MB of memory a flood of large bodies loses nothing that was acknowledged, killed for it or not", async () => {
  const group = `/sys/fs/cgroup/memory/waypost-test-${process.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(join(group, "memory.limit_in_bytes"), String(256 * 2 ** 20));
  } catch {
    return console.warn("no right to make a control group of memory: skipped");
  }
  undo.push(() => rmdirSync(group));
  const server = await startWaypost({ ...RESERVE, WAYPOST_CACHE_LINKS: "10000" });
  writeFileSync(join(group, "cgroup.procs"), String(server.process.pid));
  const acknowledged: string[] = [];
  const body = JSON.stringify({ destinationUrl: "https://example.com/", description: "x".repeat(1_000_000) });
  const flood = async (slug: string) => {
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    await fetch(`${server.url}/api/v1/links`, { method: "POST", headers, body })
      .then((one) => one.arrayBuffer())
      .catch(() => null);
    const { status } = await make(server, slug).catch(() => ({ status: 0 }));
    if (status === 201) acknowledged.push(slug);
  };
  // The flood may be the end of it at once.
  for (let i = 0; i < 30; i++) acknowledged.push((await make(server, `m-first-${i}`)).data.slug);
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 100 }, (_, i) => flood(`m-${round}-${i}`)));
  // Whoever runs out of memory is killed by the system, and that is a kill as any other.
  const isReady = () =>
    visit(server, "/readyz").then(
      ({ ok }) => ok,
      () => false,
    );
  const survived = await eventually(
    async () => (server.process.exitCode ?? server.process.signalCode) === null && (await isReady()),
    (yes) => yes || (server.process.exitCode ?? server.process.signalCode) !== null,
  );
  if (survived) expect(await server.stop()).toBe(0);
  else expect(server.process.signalCode).toBe("SIGKILL");
  const again = await startWaypost(RESERVE, server.folder);
  const { data } = await again.api("GET", "/links/count?search=m-", { key: KEY });
  expect(data.count).toBeGreaterThanOrEqual(acknowledged.length);
  expect(await again.stop()).toBe(0);
}, 120_000);

/** The long form is `TEST_SLOW_CLIENTS=8000`: two thousand of each kind. */
const CLIENTS = Number(process.env["TEST_SLOW_CLIENTS"] ?? 2000);

test(`${CLIENTS} clients that say nothing, or a byte at a time, or never read, are all sent away, and visitors do not notice`, async () => {
  const server = await startWaypost({ ...RESERVE, WAYPOST_RATE_LIMIT_ANONYMOUS: "0" });
  await make(server, "brisk");
  const memory = () => memoryOf(server.process.pid);
  await visitsOf(server, "/brisk", 200);
  const before = memory();
  const { port } = new URL(server.url);
  let open = 0;
  const drips: (() => void)[] = [];
  const kinds: ((socket: Socket) => void)[] = [
    () => {},
    (socket) => {
      socket.write("GET /brisk HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Drip: ");
      drips.push(() => socket.write("x"));
    },
    (socket) => {
      socket.write(
        `POST /api/v1/links HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{`,
      );
      drips.push(() => socket.write(" "));
    },
    (socket) => {
      socket.pause();
      socket.write("GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(20));
    },
  ];
  const sockets = Array.from({ length: CLIENTS }, (_, i) => {
    const socket = connect({ port: Number(port), host: "127.0.0.1" });
    open++;
    socket.on("connect", () => kinds[i % kinds.length]!(socket));
    socket.on("error", () => {});
    socket.on("close", () => open--);
    return socket;
  });
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  const dripping = setInterval(() => {
    for (const drip of drips) drip();
  }, 1000);
  undo.push(() => clearInterval(dripping));
  let worst = 0;
  const statuses = new Set<number>();
  const opened = performance.now();
  const gone = await eventually(
    async () => {
      statuses.add((await visit(server, "/brisk")).status);
      worst = Math.max(worst, memory() - before);
      // Who never reads learns that it was sent away only by reading.
      for (const [i, socket] of sockets.entries())
        if (i % kinds.length === 3 && performance.now() - opened > 25_000) socket.resume();
      return open;
    },
    (left) => left === 0,
    100_000,
  );
  expect(gone).toBe(0);
  expect([...statuses]).toEqual([302]);
  expect(worst).toBeLessThan(100e6);
  expect(await server.stop()).toBe(0);
}, 120_000);

/** Anonymous memory of a process in bytes: mapped files belong to the system. */
function memoryOf(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) * 1024;
}
