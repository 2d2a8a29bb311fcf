import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { emptyFolder, executable, type Running, runWaypost, startWaypost } from "./executable-server.ts";

test("the executable runs where there is nothing else", async () => {
  const folder = emptyFolder();
  expect(await runWaypost(["version"], { folder })).toMatchObject({ code: 0 });
  expect(readdirSync(folder)).toEqual([]);
});

test("it does not load what lies in the folder it is started in", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, ".env"), "WAYPOST_PORT=not-a-port\n");
  writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
  writeFileSync(join(folder, "preload.ts"), 'require("node:fs").writeFileSync("ran", "");\n');
  expect(await runWaypost(["config"], { folder })).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, "ran"))).toBe(false);
});

test("no source map is shipped beside it", () => {
  expect(readdirSync(dirname(executable)).filter((name) => name.endsWith(".map"))).toEqual([]);
});

describe("serving", () => {
  let waypost: Running;
  beforeAll(async () => {
    waypost = await startWaypost();
  });
  afterAll(() => waypost.stop());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${waypost.url}${path}`, { headers, redirect: "manual", decompress: false });

  test("the data folder is private", () => {
    expect(statSync(join(waypost.folder, "data")).mode & 0o777).toBe(0o700);
  });

  test("it is alive, and says so to health checks", async () => {
    expect((await get("/healthz")).status).toBe(200);
    const { port } = new URL(waypost.url);
    expect(
      await runWaypost(["health"], { folder: waypost.folder, env: { WAYPOST_PORT: port } }),
    ).toMatchObject({ code: 0 });
    expect(
      await runWaypost(["health"], { folder: waypost.folder, env: { WAYPOST_PORT: "1" } }),
    ).toMatchObject({ code: 1 });
  });

  test("the page comes with a policy that lets in nothing from elsewhere and no inline script", async () => {
    const page = await get("/admin");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(await page.text()).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  });

  test("files of the page are kept for ever, compressed as the browser takes them", async () => {
    const page = await (await get("/admin")).text();
    const files = [...page.matchAll(/(?:src|href)="(\/admin\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) {
      const answer = await get(path, { "accept-encoding": "gzip, zstd" });
      expect(answer.headers.get("content-encoding"), path).toBe("zstd");
      expect(answer.headers.get("cache-control"), path).toBe("public, max-age=31536000, immutable");
      expect(
        (await get(path, { "accept-encoding": "gzip;q=0" })).headers.get("content-encoding"),
        path,
      ).toBeNull();
    }
  });

  test("the first load of the page is below 200 kB compressed", async () => {
    const page = await (await get("/admin")).text();
    const files = [...page.matchAll(/(?:src|href)="(\/admin\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    const sizes = await Promise.all(
      files.map(
        async (path) => (await (await get(path, { "accept-encoding": "gzip" })).arrayBuffer()).byteLength,
      ),
    );
    expect(sizes.reduce((sum, size) => sum + size, page.length)).toBeLessThan(200_000);
  });

  test.each(["/admin/assets/..%2f..%2fetc%2fpasswd", "/admin/assets/none.js", "/admin/assets/"])(
    "%s is no file",
    async (path) => {
      const answer = await get(path);
      expect([200, 404]).toContain(answer.status);
      expect(await answer.text()).not.toContain("root:");
    },
  );

  test("a second process on the same folder is refused by name", async () => {
    const second = await runWaypost(["serve"], { folder: waypost.folder, env: { WAYPOST_PORT: "0" } });
    expect(second.code).toBe(1);
    expect(second.err).toContain("Another Waypost process is using the folder");
  });

  test("a port that is taken is refused with what to do", async () => {
    const { port } = new URL(waypost.url);
    const second = await runWaypost(["serve"], { folder: emptyFolder(), env: { WAYPOST_PORT: port } });
    expect(second.code).toBe(1);
    expect(second.err).toContain("WAYPOST_PORT");
  });

  test("doctor finds the running server, and nothing wrong", async () => {
    const { port } = new URL(waypost.url);
    const ran = await runWaypost(["doctor", "--json"], {
      folder: waypost.folder,
      env: { WAYPOST_PORT: port },
    });
    const findings = JSON.parse(ran.out) as { check: string; state: string; says: string }[];
    expect(findings.filter(({ state }) => state === "fail")).toEqual([]);
    expect(findings.find(({ check }) => check === "port")?.says).toContain("Waypost's own");
    expect(findings.find(({ check }) => check === "threads")).toMatchObject({ state: "ok" });
    expect(ran.code).toBe(0);
  });
});

test("it stops when it is asked to, cleanly, and starts again on what it left", async () => {
  const folder = emptyFolder();
  const first = await startWaypost({}, folder);
  expect(first.code).toMatch(/^[A-Z0-9]{5}-[A-Z0-9]{5}$/);
  expect(await first.stop()).toBe(0);
  const second = await startWaypost({}, folder);
  expect(second.code).not.toBe(first.code);
  expect(await second.stop()).toBe(0);
});

test("a copy of a stopped server's folder is the whole installation", async () => {
  const key = "provisioned-by-nobody-in-particular-0004";
  const first = await startWaypost({ WAYPOST_SETUP_KEY: key });
  await first.api("POST", "/links", { key, body: { destinationUrl: "https://example.com/", slug: "kept" } });
  await fetch(`${first.url}/kept`, { method: "HEAD", redirect: "manual" });
  expect(await first.stop()).toBe(0);
  const folder = emptyFolder();
  cpSync(join(first.folder, "data"), join(folder, "data"), { recursive: true });
  const second = await startWaypost({}, folder);
  const { data } = await second.api("GET", "/links/kept?domain=127.0.0.1", { key });
  expect(data).toMatchObject({ slug: "kept", botClicks: 1 });
  expect((await fetch(`${second.url}/kept`, { redirect: "manual" })).status).toBe(302);
  await second.stop();
});

test.each(["waypost.db", "clicks.db"])(
  "%s that is no database ends the start with a sentence, and no process is left",
  async (name) => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    writeFileSync(join(folder, "data", name), "x".repeat(20_000));
    const ran = await runWaypost(["serve"], { folder, env: { WAYPOST_PORT: "0" } });
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/not a database|is damaged or no database/);
  },
);

test("an address that is not ours is refused, and nothing is left running", async () => {
  const ran = await runWaypost(["serve"], {
    folder: emptyFolder(),
    env: { WAYPOST_HOST: "192.0.2.1", WAYPOST_PORT: "0" },
  });
  expect(ran).toMatchObject({ code: 1 });
  expect(ran.err).toContain("WAYPOST_HOST");
});
