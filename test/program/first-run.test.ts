import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath, openChromium } from "../browser/chromium.ts";
import { freshPostgresUrl, postgresServer } from "../support/postgres.ts";
import { eventually, type Running, startWaypost } from "./executable-server.ts";

/** The whole way of a stranger: an empty folder, a setup code, a link, a click, a number. In this order. */
let waypost: Running;
let key: string;
let shortUrl: string;
let target: Bun.Server<undefined>;

beforeAll(async () => {
  waypost = await startWaypost();
  target = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("arrived") });
});
afterAll(async () => {
  await waypost.stop();
  await target.stop(true);
});

const overview = async () => (await waypost.api("GET", "/analytics/overview", { key })).data;

test("before the setup there are health and 404s, and nothing else", async () => {
  expect((await waypost.api("GET", "/setup")).data).toEqual({ needed: true });
  expect((await waypost.api("GET", "/links")).status).toBe(503);
  expect((await fetch(`${waypost.url}/anything`)).status).toBe(404);
  expect((await fetch(`${waypost.url}/healthz`)).status).toBe(200);
});

test("a wrong code sets nothing up", async () => {
  const body = {
    code: "AAAAA-AAAAA",
    email: "ada@example.com",
    password: "correct horse",
    workspaceName: "Acme",
  };
  expect((await waypost.api("POST", "/setup", { body })).status).toBe(403);
  expect((await waypost.api("GET", "/setup")).data).toEqual({ needed: true });
});

test("the code that was printed does, once", async () => {
  const body = {
    code: waypost.code,
    email: "ada@example.com",
    password: "correct horse",
    workspaceName: "Acme",
  };
  const made = await waypost.api("POST", "/setup", { body });
  expect(made.status).toBe(201);
  expect(made.data).toMatchObject({ user: { operator: true }, workspace: { name: "Acme" } });
  key = made.data.key.secret;
  expect((await waypost.api("POST", "/setup", { body })).status).toBe(409);
});

test("a link is made", async () => {
  const body = { destinationUrl: `${target.url}landing`, slug: "hello" };
  const made = await waypost.api("POST", "/links", { key, body });
  expect(made.status).toBe(201);
  shortUrl = made.data.shortUrl;
  expect(shortUrl).toBe(`${waypost.url}/hello`);
});

test("curl -I is sent on, and counted as a bot", async () => {
  const answer = await fetch(shortUrl, {
    method: "HEAD",
    redirect: "manual",
    headers: { "user-agent": "curl/8.5.0" },
  });
  expect(answer.status).toBe(302);
  expect(answer.headers.get("location")).toBe(`${target.url}landing`);
  expect(await eventually(overview, ({ botClicks }) => botClicks === 1)).toMatchObject({
    clicks: 0,
    botClicks: 1,
  });
});

test.skipIf(chromiumPath === null)(
  "a person's browser is sent on, and counted as one human click",
  async () => {
    const browser = await openChromium();
    // A headless browser says so in its user agent, and is rightly taken for a bot.
    const page = await browser.newPage({ userAgent: USER_AGENT });
    await page.goto(shortUrl);
    expect(await page.textContent("body")).toBe("arrived");
    await browser.close();
    const counted = await eventually(overview, ({ clicks }) => clicks === 1);
    expect(counted).toMatchObject({ clicks: 1, uniqueClicks: 1, botClicks: 1 });
    const link = await eventually(
      async () => (await waypost.api("GET", "/links/hello?domain=127.0.0.1", { key })).data,
      ({ clicks }) => clicks === 1,
    );
    expect(link).toMatchObject({ clicks: 1, uniqueClicks: 1, botClicks: 1 });
  },
  30_000,
);

test("WAYPOST_SETUP_KEY makes a key of exactly this value, on an empty installation alone", async () => {
  const setupKey = "provisioned-by-nobody-in-particular-0002";
  const other = await startWaypost({ WAYPOST_SETUP_KEY: setupKey });
  expect(other.code).toBeNull();
  const made = await other.api("POST", "/links", {
    key: setupKey,
    body: { destinationUrl: "https://example.com/" },
  });
  expect(made.status).toBe(201);
  await other.stop();
  const again = await startWaypost({ WAYPOST_SETUP_KEY: `${setupKey}-other` }, other.folder);
  expect((await again.api("GET", "/links", { key: setupKey })).status).toBe(200);
  expect((await again.api("GET", "/links", { key: `${setupKey}-other` })).status).toBe(401);
  await again.stop();
});

const postgres = await postgresServer();
if (postgres === null)
  console.warn("No PostgreSQL here: the first run on it is left out (apt install postgresql).");

test.skipIf(postgres === null)(
  "the same on Postgres: links there, clicks here",
  async () => {
    const setupKey = "provisioned-by-nobody-in-particular-0003";
    const env = { WAYPOST_SETUP_KEY: setupKey, WAYPOST_DATABASE_URL: await freshPostgresUrl("empty") };
    const other = await startWaypost(env);
    const body = { destinationUrl: `${target.url}landing`, slug: "hello" };
    expect((await other.api("POST", "/links", { key: setupKey, body })).status).toBe(201);
    expect((await fetch(`${other.url}/hello`, { method: "HEAD", redirect: "manual" })).status).toBe(302);
    const counted = await eventually(
      async () => (await other.api("GET", "/links/hello?domain=127.0.0.1", { key: setupKey })).data,
      ({ botClicks }) => botClicks === 1,
    );
    expect(counted).toMatchObject({ clicks: 0, botClicks: 1 });
    expect(existsSync(join(other.folder, "data/waypost.db"))).toBe(false);
    expect(await other.stop()).toBe(0);
  },
  30_000,
);

const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
