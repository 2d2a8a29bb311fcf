import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openClicks } from "../../../src/clicks/client.ts";
import { finishSplitsJob } from "../../../src/features/rules/jobs.ts";
import { oneProportion, twoProportions } from "../../../src/features/rules/significance.ts";
import { resultsOf } from "../../../src/features/rules/split-results.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
let link: string;
beforeEach(async () => {
  app = await testApp({
    async clicks(dataDir, installationId, clock) {
      const clicks = openClicks({
        dataDir,
        installationId,
        durability: "window",
        syncEveryMs: 10,
        foldEveryMs: 10,
        journalMode: "write",
        honorOptOut: true,
        clock,
        log: silentLog,
      });
      await clicks.start();
      return clicks;
    },
  });
  link = (
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/own", slug: "a" } })
  ).body.data.id;
});
afterEach(() => app.close());

const variants = [
  { name: "Blue", destinationUrl: "https://a.example/", weight: 3 },
  { destinationUrl: "https://b.example/" },
];
const put = (body: object, query = "") => app.call("PUT", `/links/${link}/split${query}`, { body });
const visit = async (agent: number, headers: Record<string, string> = {}) =>
  (
    await app.visit("http://links.test/a", {
      headers: {
        "user-agent": `Mozilla/5.0 (X11; Linux x86_64; rv:${agent}.0) Gecko/20100101 Firefox/${agent}.0`,
        ...headers,
      },
    })
  ).headers.get("location");
const read = async (query = "") => (await app.call("GET", `/links/${link}/split${query}`)).body.data;

test("visitors are shared out, each stays, and each variant has its clicks", async () => {
  const made = await put({ variants });
  expect([made.status, made.body.data]).toMatchObject([
    200,
    {
      parentId: link,
      ruleId: null,
      winner: null,
      variants: [
        { name: "Blue", weight: 3, expectedShare: 0.75 },
        { name: "B", weight: 1 },
      ],
    },
  ]);
  const seen: Record<string, number> = {};
  for (let i = 0; i < 60; i++) {
    const location = await visit(100 + i);
    seen[location!] = (seen[location!] ?? 0) + 1;
    expect(await visit(100 + i)).toBe(location);
  }
  expect(Object.keys(seen).sort()).toEqual(["https://a.example/", "https://b.example/"]);
  await app.app.ports.clicks.settled();
  const { variants: counted, leader } = await read();
  expect(
    counted.map(({ destinationUrl, clicks, uniqueClicks }: Record<string, unknown>) => [
      destinationUrl,
      clicks,
      uniqueClicks,
    ]),
  ).toEqual([
    ["https://a.example/", 2 * seen["https://a.example/"]!, seen["https://a.example/"]],
    ["https://b.example/", 2 * seen["https://b.example/"]!, seen["https://b.example/"]],
  ]);
  expect(counted.map(({ id }: { id: string }) => id)).toContain(leader);
});

test("a rule has its clicks, and its own split", async () => {
  const { id } = (
    await app.call("POST", `/links/${link}/rules`, {
      body: {
        name: "r",
        destinationUrl: "https://example.com/rule",
        conditions: { field: "query", name: "x", operator: "is_set" },
      },
    })
  ).body.data;
  expect((await put({ variants }, `?rule=${id}`)).body.data).toMatchObject({ parentId: id, ruleId: id });
  for (let i = 0; i < 10; i++) await app.visit("http://links.test/a?x=1");
  for (let i = 0; i < 3; i++) await app.visit("http://links.test/a");
  await app.app.ports.clicks.settled();
  expect((await app.call("GET", `/rules/${id}`)).body.data).toMatchObject({ clicks: 10, uniqueClicks: 1 });
  const { variants: counted } = await read(`?rule=${id}`);
  expect(counted.map(({ clicks }: { clicks: number }) => clicks).toSorted()).toEqual([0, 10]);
  expect((await app.call("GET", `/links/${link}/split`)).status).toBe(404);
  const top = (await app.call("GET", `/analytics/top?by=rule&link=${link}`)).body.data;
  expect(top).toBeDefined();
});

test("an edit keeps the variants whose destination stays, with their numbers", async () => {
  const before = (await put({ variants })).body.data;
  const after = (
    await put({ variants: [{ destinationUrl: "https://c.example/" }, { ...variants[1], weight: 5 }] })
  ).body.data;
  expect([after.version, after.variants[1].id, after.variants[1].weight]).toEqual([
    2,
    before.variants[1].id,
    5,
  ]);
  expect(before.variants.map(({ id }: { id: string }) => id)).not.toContain(after.variants[0].id);
  const events = (await app.events()).length;
  await put({ variants: [{ destinationUrl: "https://c.example/" }, { ...variants[1], weight: 5 }] });
  expect((await app.events()).length).toBe(events);
});

test("finished, everybody goes to the winner, named or by the numbers, and once", async () => {
  const { variants: made } = (await put({ variants })).body.data;
  const finish = (body: object) => app.call("POST", `/links/${link}/split/finish`, { body });
  expect((await finish({ winner: "var_x" })).body.error.details[0].path).toBe("/winner");
  const done = await finish({ winner: made[1].id });
  expect([done.status, done.body.data.winner]).toEqual([200, made[1].id]);
  expect(done.body.data.finishedAt).not.toBeNull();
  for (let i = 0; i < 10; i++) expect(await visit(100 + i)).toBe("https://b.example/");
  expect((await finish({})).status).toBe(409);
  // Set anew, it begins again.
  await put({ variants });
  expect((await read()).finishedAt).toBeNull();
  for (let i = 0; i < 12; i++) await visit(100 + i);
  await app.app.ports.clicks.settled();
  const { leader } = await read();
  expect((await finish({})).body.data.winner).toBe(leader);
  expect((await app.call("DELETE", `/links/${link}/split`)).status).toBe(200);
  expect(await visit(1)).toBe("https://example.com/own");
});

test("on its date it finishes by itself", async () => {
  const at = (ms: number) => new Date(app.clock.now() + ms).toISOString();
  expect((await put({ variants, finishesAt: at(-1) })).body.error.details[0].path).toBe("/finishesAt");
  await put({ variants, finishesAt: at(3_600_000) });
  for (let i = 0; i < 20; i++) await visit(100 + i);
  await app.app.ports.clicks.settled();
  app.clock.advance(3_500_000);
  await app.app.worker.idle();
  expect((await read()).winner).toBeNull();
  app.clock.advance(200_000);
  await app.app.worker.idle();
  const { winner, leader, finishedAt } = await read();
  expect([winner, finishedAt !== null]).toEqual([leader, true]);
  expect((await app.events()).filter((type) => type === "split.finished")).toHaveLength(1);
  expect(finishSplitsJob.name).toBe("rules.finish-splits");
});

describe("what is wrong is named", () => {
  test.each<[object, string]>([
    [{ variants: [variants[0]] }, "/variants"],
    [{ variants: Array(11).fill(variants[0]) }, "/variants"],
    [{ variants: [variants[0], { ...variants[1], weight: 0 }] }, "/variants/1/weight"],
    [{ variants: [variants[0], { destinationUrl: "data:x" }] }, "/variants/1/destinationUrl"],
    [{ variants: [variants[0], { destinationUrl: "http://links.test/a" }] }, "/variants/1/destinationUrl"],
    [{ variants: [variants[0], { ...variants[1], colour: "red" }] }, "/variants/1/colour"],
    [{ variants, winnerBy: "conversions" }, "/winnerBy"],
    [{ variants, finishesAt: "soon" }, "/finishesAt"],
  ])("%j", async (body, path) => {
    const answer = await put(body);
    expect([answer.status, answer.body.error?.details[0]?.path]).toEqual([400, path]);
  });
});

describe("how sure it is", () => {
  test("one proportion: 60 heads of 100 of a fair coin, and too few to say", () => {
    // z = 2; the table says 0.0455.
    expect(oneProportion(60, 100, 0.5)).toBeCloseTo(0.0455, 4);
    expect(oneProportion(50, 100, 0.5)).toBeCloseTo(1, 6);
    expect(oneProportion(9, 9, 0.5)).toBeNull();
    expect(oneProportion(0, 0, 0.5)).toBeNull();
  });

  test("two proportions: the example of the handbook, and too few to say", () => {
    // NIST/SEMATECH 7.3.3: 12 of 200 against 25 of 200 defective is z = -2.2 with pooling; the two-sided p-value is 0.0254.
    expect(twoProportions({ count: 12, total: 200 }, { count: 25, total: 200 })!).toBeCloseTo(0.0251, 3);
    expect(twoProportions({ count: 50, total: 100 }, { count: 50, total: 100 })).toBeCloseTo(1, 6);
    expect(twoProportions({ count: 1, total: 3 }, { count: 2, total: 3 })).toBeNull();
    expect(twoProportions({ count: 0, total: 0 }, { count: 0, total: 0 })).toBeNull();
  });

  test("a leader is significant only beyond what chance explains, and among ten less easily than among two", () => {
    const split = (...clicks: number[]) =>
      resultsOf(
        clicks.map((_, i) => ({ id: String(i), name: "", destinationUrl: "", weight: 1 })),
        (id) => ({ clicks: clicks[Number(id)]!, uniqueClicks: 0 }),
      );
    expect(split(60, 40)).toMatchObject({ leader: "0", significant: false });
    expect(split(40, 65)).toMatchObject({ leader: "1", significant: true });
    expect(split(0, 0)).toMatchObject({ leader: null, significant: false });
    expect(split(16, ...Array(9).fill(10))).toMatchObject({ leader: "0", significant: false });
    expect(split(30, ...Array(9).fill(10))).toMatchObject({ leader: "0", significant: true });
  });
});
