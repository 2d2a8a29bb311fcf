import { afterAll, beforeAll, expect, test } from "bun:test";
import { openClicks } from "../../../src/clicks/client.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    async clicks(dataDir, installationId, clock) {
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

const link = async (fields: object): Promise<{ id: string; slug: string }> =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...fields } })).body
    .data;
const visit = async (path: string, init?: RequestInit) =>
  (await app.visit(`http://links.test/${path}`, init)).status;
const clicksOf = async (id: string): Promise<number> => {
  await app.app.ports.clicks.settled();
  return (await app.app.ports.clicks.totals([id]))[0]?.clicks ?? 0;
};

test("a link that leads nowhere counts whoever comes, up to its limit", async () => {
  const { id, slug } = await link({ destinationUrl: null, redirectMode: "never", clicksLimit: 2 });
  expect([await visit(slug), await visit(slug), await visit(slug)]).toEqual([204, 204, 410]);
  expect(await clicksOf(id)).toBe(2);
});

test("whoever is asked for a password is counted once they have passed, and only then", async () => {
  const { id, slug } = await link({ password: "open-it" });
  const form = (password: string) => ({
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `password=${password}`,
  });
  expect([await visit(slug), await visit(slug, form("wrong"))]).toEqual([200, 403]);
  expect(await clicksOf(id)).toBe(0);
  expect(await visit(slug, form("open-it"))).toBe(303);
  expect(await clicksOf(id)).toBe(1);
});

test("a one-time link with a password is used up by whoever passes, not by those who try", async () => {
  const { id, slug } = await link({ password: "open-it", oneTime: true });
  const form = (password: string) => ({
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `password=${password}`,
  });
  for (let i = 0; i < 3; i++) expect(await visit(slug)).toBe(200);
  expect([await visit(slug, form("open-it")), await visit(slug, form("open-it"))]).toEqual([303, 410]);
  expect(await clicksOf(id)).toBe(1);
});

test("paths behind a slug are clicks of the one link", async () => {
  const { id, slug } = await link({ forwardPath: true });
  for (const path of ["", "/a", "/a/b"]) expect(await visit(slug + path)).toBe(302);
  expect(await clicksOf(id)).toBe(3);
});

test("who comes too early, or to a link without a rule for them, is in no number", async () => {
  const early = await link({ startsAt: new Date(app.clock.now() + 60_000).toISOString() });
  const ruled = await link({ redirectMode: "rule_only" });
  const off = await link({ enabled: false });
  for (const { id, slug } of [early, ruled, off]) {
    expect(await visit(slug)).toBe(404);
    expect(await clicksOf(id)).toBe(0);
  }
});
