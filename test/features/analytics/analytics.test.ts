import { afterAll, beforeAll, expect, test } from "bun:test";
import { openClicks } from "../../../src/clicks/client.ts";
import { openTotalsMirror } from "../../../src/features/analytics/mirror.ts";
import { silentLog } from "../../../src/lib/log.ts";
import type { Visit } from "../../../src/redirect/visit.ts";
import { BROWSER, type TestApp, testApp } from "../../support/app.ts";

const BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    env: { WAYPOST_TRUSTED_PROXIES: "127.0.0.1" },
    clicks: async (dataDir, installationId, clock) => {
      const clicks = openClicks({
        dataDir,
        installationId,
        syncEveryMs: 10,
        durability: "window",
        journalMode: "auto",
        honorOptOut: true,
        clock,
        log: silentLog,
      });
      await clicks.start();
      return clicks;
    },
  });
});
afterAll(() => app.close());

async function link(fields: Record<string, unknown> = {}, key?: string) {
  const { body } = await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", ...fields },
    ...(key ? { key } : {}),
  });
  return body.data as { id: string; shortUrl: string };
}
const visit = (url: string, address: string, headers: Record<string, string> = {}, method = "GET") =>
  app.visit(url, { method, headers: { "x-forwarded-for": address, ...headers } });
const workspace = async () => (await app.call("GET", "/workspace")).body.data;
const ask = async (path: string, key?: string) => {
  await app.app.ports.clicks.settled();
  return (await app.call("GET", `/analytics/${path}`, key ? { key } : {})).body.data;
};
/** What the mirror does twice a second, done now. */
const mirrored = async () => {
  await app.app.ports.clicks.settled();
  await openTotalsMirror(app.app.ports).catchUp();
};

test("scans of a QR code are told apart from clicks", async () => {
  const { id, shortUrl } = await link();
  for (const [mark, address] of [
    ["?qr=1", "192.0.2.11"],
    ["?qr=1&utm_source=poster", "192.0.2.12"],
    ["", "192.0.2.13"],
  ] as const)
    await visit(shortUrl + mark, address);
  const top: { value: string; clicks: number }[] = await ask(`top?by=trigger&link=${id}`);
  expect(top.map(({ value, clicks }) => [value, clicks])).toEqual([
    ["qr", 2],
    ["link", 1],
  ]);
  const sources: { value: string; clicks: number }[] = await ask(`top?by=utmSource&link=${id}`);
  expect(sources.find(({ value }) => value === "poster")?.clicks).toBe(1);
});

test("one human, one bot, one HEAD and one prefetch are counted as what they are, everywhere alike", async () => {
  const { id, shortUrl } = await link();
  await visit(shortUrl, "192.0.2.1", { referer: "https://www.News.example/a?b=c" });
  await visit(shortUrl, "192.0.2.1", { "user-agent": BOT });
  await visit(shortUrl, "192.0.2.1", {}, "HEAD");
  await visit(shortUrl, "192.0.2.1", { "sec-purpose": "prefetch;prerender" });
  const overview = await ask(`overview?link=${id}`);
  expect(overview).toMatchObject({ clicks: 1, uniqueClicks: 1, botClicks: 3, all: 4, exact: true });
  const verdicts = Object.fromEntries(
    overview.verdicts.map(({ value, all }: { value: string; all: number }) => [value, all]),
  );
  expect(verdicts).toEqual({ human: 1, bot: 2, prefetch: 1 });
  await mirrored();
  const read = (await app.call("GET", `/links/${id}`)).body.data;
  expect(read).toMatchObject({ clicks: 1, uniqueClicks: 1, botClicks: 3 });
  expect(read.lastClickedAt).toBe(new Date(app.clock.now()).toISOString());
  const listed = (await app.call("GET", "/links?sortBy=clicks&limit=100")).body.data;
  expect(listed.find((one: { id: string }) => one.id === id)).toEqual(read);
  const top = await ask(`top?link=${id}&by=referrer`);
  expect(top[0]).toMatchObject({ value: "news.example", clicks: 1 });
});

test("the quality of a day tells of every visit, and of what could not be recorded", async () => {
  const before = (await ask("quality"))[0] ?? { requests: 0, recorded: 0 };
  const { id, shortUrl } = await link();
  await visit(shortUrl, "192.0.2.1");
  await visit(shortUrl, "192.0.2.1", { "user-agent": BOT });
  const domain = { id: "dom_1", workspaceId: (await workspace()).id, host: "x" };
  // Not even its headers can be read.
  const lost = { domain, link: { id: "link_1", workspaceId: domain.workspaceId } };
  void app.app.ports.clicks.record({
    ...lost,
    at: app.clock.now(),
    outcome: "redirected",
  } as unknown as Visit);
  const [day] = await ask("quality");
  expect(day).toEqual({
    day: new Date(app.clock.now()).toISOString().slice(0, 10),
    requests: before.requests + 3,
    recorded: before.recorded + 2,
    unrecorded: { write_failed: 1 },
  });
  await app.call("DELETE", `/links/${id}?permanent=true`);
  expect((await ask("quality"))[0].requests).toBe(before.requests + 3);
  expect(await ask("quality", await app.stranger())).toEqual([]);
  const far = await app.call("GET", "/analytics/quality?from=2020-01-01T00:00:00Z");
  expect([far.status, far.body.error.details[0].path]).toEqual([400, "/from"]);
});

test("visitors are distinct by address and agent, within a day", async () => {
  const { id, shortUrl } = await link();
  for (const [address, agent] of [
    ["192.0.2.1", BROWSER],
    ["192.0.2.1", BROWSER],
    ["192.0.2.1", FIREFOX],
    ["192.0.2.2", BROWSER],
  ] as const)
    await visit(shortUrl, address, { "user-agent": agent });
  expect(await ask(`overview?link=${id}`)).toMatchObject({ clicks: 4, uniqueClicks: 3 });
  app.clock.advance(24 * 3_600_000);
  await visit(shortUrl, "192.0.2.1");
  expect(await ask(`overview?link=${id}`)).toMatchObject({ clicks: 5, uniqueClicks: 4 });
});

test("who opted out is counted without being told apart", async () => {
  const { id, shortUrl } = await link();
  for (const header of ["sec-gpc", "dnt"]) await visit(shortUrl, "192.0.2.9", { [header]: "1" });
  expect(await ask(`overview?link=${id}`)).toMatchObject({ clicks: 2, uniqueClicks: 0 });
});

test("a series is zero-filled in the reader's time zone, and its sum is the overview's number", async () => {
  const { id, shortUrl } = await link();
  await visit(shortUrl, "192.0.2.1");
  const to = new Date(app.clock.now() + 1).toISOString();
  const from = new Date(app.clock.now() - 3 * 86_400_000).toISOString();
  const series = await ask(
    `timeseries?link=${id}&from=${from}&to=${to}&granularity=day&timezone=Asia%2FKathmandu`,
  );
  expect(series.length).toBeGreaterThanOrEqual(4);
  expect(series.reduce((sum: number, { clicks }: { clicks: number }) => sum + clicks, 0)).toBe(1);
  expect(series.at(-1).clicks).toBe(1);
  // Midnight in Kathmandu is 18:15 UTC.
  expect(series.at(-1).start).toMatch(/T18:15:00\.000Z$/);
});

test("what was not sent on is kept and shown by its outcome, and counts as no click", async () => {
  const { id, shortUrl } = await link({ expiresAt: "2020-01-01T00:00:00Z" });
  expect((await visit(shortUrl, "192.0.2.1")).status).toBe(410);
  const overview = await ask(`overview?link=${id}`);
  expect(overview).toMatchObject({ clicks: 0, uniqueClicks: 0, botClicks: 0, all: 1 });
  expect(overview.outcomes).toEqual([expect.objectContaining({ value: "expired", all: 1 })]);
});

test("of a thousand visitors at once exactly the limit is sent on, and bots use none of it up", async () => {
  const { id, shortUrl } = await link({ clicksLimit: 100 });
  await visit(shortUrl, "192.0.2.1", { "user-agent": BOT });
  const statuses = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => (await visit(shortUrl, `198.51.100.${i % 250}`)).status),
  );
  expect(statuses.filter((status) => status === 302)).toHaveLength(100);
  expect(statuses.filter((status) => status === 410)).toHaveLength(900);
  expect((await visit(shortUrl, "192.0.2.1", { "user-agent": BOT })).status).toBe(410);
  const overview = await ask(`overview?link=${id}`);
  expect(overview).toMatchObject({ clicks: 100, botClicks: 1 });
  await app.call("PATCH", `/links/${id}`, { body: { clicksLimit: 101 } });
  expect((await visit(shortUrl, "192.0.2.1")).status).toBe(302);
  expect((await visit(shortUrl, "192.0.2.1")).status).toBe(410);
});

test("a purged link takes its clicks along", async () => {
  const { id, shortUrl } = await link();
  await visit(shortUrl, "192.0.2.1");
  const before = (await ask("overview")).clicks;
  await app.call("DELETE", `/links/${id}?permanent=true`);
  expect((await ask("overview")).clicks).toBe(before - 1);
  expect((await app.call("GET", `/analytics/overview?link=${id}`)).status).toBe(404);
});

test("a workspace is asked as a whole, by domain, or by link, and never another's", async () => {
  const key = await app.stranger();
  const theirs = await link({}, key);
  await visit(theirs.shortUrl, "192.0.2.1");
  expect(await ask("overview", key)).toMatchObject({ clicks: 1 });
  expect((await app.call("GET", `/analytics/overview?link=${theirs.id}`)).status).toBe(404);
  expect((await app.call("GET", "/analytics/overview?domain=nowhere.example")).status).toBe(404);
  const ours = await ask("overview");
  const links = await ask("top?by=link&limit=100");
  expect(links.reduce((sum: number, { clicks }: { clicks: number }) => sum + clicks, 0)).toBe(ours.clicks);
  expect(links.map(({ value }: { value: string }) => value)).not.toContain(theirs.id);
});

test("questions out of bounds are refused by name", async () => {
  for (const [query, path] of [
    ["overview?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "/from"],
    ["overview?timezone=Mars%2FOlympus", "/timezone"],
    ["overview?from=yesterday", "/from"],
    ["timeseries?granularity=minute", "/granularity"],
    ["timeseries?granularity=hour&from=2000-01-01T00:00:00Z", "/granularity"],
    ["top", "/by"],
    ["top?by=address", "/by"],
    ["top?by=browser&limit=101", "/limit"],
  ] as const) {
    const { status, body } = await app.call("GET", `/analytics/${query}`);
    expect([query, status, body.error?.details[0].path]).toEqual([query, 400, path]);
  }
});

test("a workspace knows when it was last clicked, and so does each of its domains", async () => {
  app.clock.advance(1000);
  const last = new Date(app.clock.now()).toISOString();
  const { shortUrl } = await link();
  await visit(shortUrl, "192.0.2.9");
  app.clock.advance(1000);
  await visit((await link()).shortUrl, "192.0.2.9", { "user-agent": BOT });
  await mirrored();
  expect((await ask("overview")).lastClickedAt).toBe(last);
  expect((await ask("overview?domain=links.test")).lastClickedAt).toBe(last);
  expect((await ask("overview", await app.stranger())).lastClickedAt).not.toBe(last);
});

test("totals that were copied from clicks which are lost, or were put back to an older state, are copied anew", async () => {
  const made = await Promise.all([link(), link()]);
  const [kept, lost] = made.map(({ id }) => id);
  const { ports } = app.app;
  const totals = (linkId: string, clicks: number, sequence: number) => ({
    ...{
      linkId,
      workspaceId: "ws_1",
      clicks,
      uniqueClicks: clicks,
      botClicks: 0,
      lastClickedAt: null,
      sequence,
    },
  });
  const mirrorOf = (rows: ReturnType<typeof totals>[], sequence: number) =>
    openTotalsMirror({
      ...ports,
      clicks: {
        ...ports.clicks,
        sequenceAtStart: async () => sequence,
        totalsSince: async (after) => rows.filter((one) => one.sequence > after),
      },
    });
  const clicksOf = async (id: string) => (await app.call("GET", `/links/${id}`)).body.data.clicks;
  await mirrorOf([totals(kept!, 5, 9_000_001), totals(lost!, 7, 9_000_002)], 9_000_002).catchUp();
  expect([await clicksOf(kept!), await clicksOf(lost!)]).toEqual([5, 7]);
  await mirrorOf([totals(kept!, 2, 10)], 10).catchUp();
  expect([await clicksOf(kept!), await clicksOf(lost!)]).toEqual([2, 0]);
});
