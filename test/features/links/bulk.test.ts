import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const bulk = (links: unknown[], more: object = {}) =>
  app.call("POST", "/links/bulk", { body: { links, ...more } });
const to = (path: string) => ({ destinationUrl: `https://example.com/${path}` });
const count = async (query = "") =>
  (await app.call("GET", `/links/count?${query}`)).body.data.count as number;
const many = async (n: number, fields: (i: number) => object = () => ({})) => {
  const { body } = await bulk(Array.from({ length: n }, (_, i) => ({ ...to(`${i}`), ...fields(i) })));
  return body.data.results.map((one: { link: { id: string } }) => one.link.id) as string[];
};

test("good rows go in, and each bad one is told with its row and field", async () => {
  await app.call("POST", "/links", { body: { ...to("a"), slug: "bulk-taken", externalId: "bulk-ext" } });
  const { status, body } = await bulk([
    { ...to("1"), slug: "bulk-one", tags: ["x", "y"], title: "One" },
    { destinationUrl: "ftp://example.com/" },
    { ...to("2"), slug: "Bulk-Taken" },
    { ...to("3"), slug: "bulk-one" },
    { ...to("4"), externalId: "bulk-ext" },
    { ...to("5"), color: "red" },
    { ...to("6"), tags: ["a", "a,b"] },
    "nonsense",
    { ...to("7"), domain: "nobody.example" },
    { ...to("8"), password: "open sesame" },
  ]);
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ succeeded: 2, failed: 8, validateOnly: false });
  const told = body.data.results.map(
    ({
      index,
      status: each,
      error,
    }: {
      index: number;
      status: number;
      error: null | { details: { path: string }[] };
    }) => [index, each, error?.details[0]?.path ?? null],
  );
  expect(told).toEqual([
    [0, 201, null],
    [1, 400, "/links/1/destinationUrl"],
    [2, 409, "/links/2/slug"],
    [3, 409, "/links/3/slug"],
    [4, 409, "/links/4/externalId"],
    [5, 400, "/links/5/color"],
    [6, 400, "/links/6/tags/1"],
    [7, 400, "/links/7"],
    [8, 400, "/links/8/domain"],
    [9, 201, null],
  ]);
  expect(body.data.results[0].link).toMatchObject({ slug: "bulk-one", tags: ["x", "y"], clicks: 0 });
  expect(body.data.results[9].link.hasPassword).toBe(true);
  expect(await count("tag=y")).toBe(1);
  const one = await app.call("GET", `/links/${body.data.results[0].link.id}`);
  expect(one.body.data).toEqual(body.data.results[0].link);
});

test("each link of a call has its event, and leads at once where a miss was remembered", async () => {
  expect((await app.visit("http://links.test/bulk-fresh")).status).toBe(404);
  const before = (await app.events()).filter((type) => type === "link.created").length;
  await many(120, (i) => (i === 60 ? { slug: "bulk-fresh" } : {}));
  expect((await app.events()).filter((type) => type === "link.created").length).toBe(before + 120);
  const visit = await app.visit("http://links.test/bulk-fresh");
  expect([visit.status, visit.headers.get("location")]).toEqual([302, "https://example.com/60"]);
});

test("validateOnly says the same and stores nothing", async () => {
  const rows = [{ ...to("v"), slug: "bulk-maybe" }, { destinationUrl: "no" }];
  const [before, events] = [await count(), (await app.events()).length];
  const { body } = await bulk(rows, { validateOnly: true });
  expect(body.data).toMatchObject({ succeeded: 1, failed: 1, validateOnly: true });
  expect(body.data.results[0]).toMatchObject({ status: 201, link: null, error: null });
  expect([await count(), (await app.events()).length]).toEqual([before, events]);
  expect((await bulk(rows)).body.data.results.map((one: { status: number }) => one.status)).toEqual([
    201, 400,
  ]);
});

test("findExisting finds what is there, and what the same call has made before it", async () => {
  const known = await app.call("POST", "/links", { body: to("known") });
  const { body } = await bulk(
    [to("known"), to("twice"), to("twice")].map((row) => ({ ...row, findExisting: true })),
  );
  const results = body.data.results as { status: number; link: { id: string } }[];
  expect(results.map(({ status }) => status)).toEqual([200, 201, 200]);
  expect(results[0]!.link.id).toBe(known.body.data.id);
  expect(results[2]!.link.id).toBe(results[1]!.link.id);
});

test("a retry with the same Idempotency-Key makes nothing a second time", async () => {
  const headers = { "idempotency-key": "bulk-once" };
  const body = { links: [to("once"), to("once")] };
  const first = await app.call("POST", "/links/bulk", { body, headers });
  const before = await count();
  const again = await app.call("POST", "/links/bulk", { body, headers });
  expect(again.text).toBe(first.text);
  expect(await count()).toBe(before);
});

test("a thousand with every field fit in a call, and one more is refused", async () => {
  const row = (i: number) => ({
    ...to(`${i}`),
    title: "t",
    description: "d",
    tags: ["a", "b", "c", "d"],
    customData: { a: "b", c: "d", e: "f", g: "h" },
    utm: { source: "s", medium: "m", campaign: "c", term: "t", content: "c" },
    cost: { model: "cpc", amount: 1, currency: "EUR" },
    notes: "n",
  });
  const rows = Array.from({ length: 1000 }, (_, i) => row(i));
  expect((await bulk(rows)).body.data).toMatchObject({ succeeded: 1000, failed: 0 });
  const { status, body } = await bulk([...rows.map(() => to("x")), to("x")]);
  expect([status, body.error.details[0].path]).toEqual([400, "/links"]);
});

test("many are changed and tagged alike, by id or external id; those that cannot be are told", async () => {
  const [one, two] = await many(2, (i) => ({
    tags: i === 0 ? ["keep", "drop"] : [],
    externalId: `bulk-edit-${i}`,
  }));
  const gone = (await many(1))[0]!;
  await app.call("DELETE", `/links/${gone}`);
  const { body } = await app.call("PATCH", "/links/bulk", {
    body: {
      links: [one, "ext_bulk-edit-1", gone, `link_${"0".repeat(26)}`, two],
      data: { title: "Alike", addTags: ["new"], removeTags: ["drop"] },
    },
  });
  expect(body.data.results.map((row: { status: number }) => row.status)).toEqual([200, 200, 409, 404, 400]);
  expect(body.data.results[0].link).toMatchObject({ title: "Alike", tags: ["keep", "new"], version: 2 });
  expect(body.data.results[1].link).toMatchObject({ id: two, title: "Alike", tags: ["new"] });
  const types = (await app.events()).slice(-2);
  expect(types).toEqual(["link.updated", "link.updated"]);
});

test("many go to the archive, to the trash and back, and lead as each alone would", async () => {
  const links = await many(3, (i) => ({ slug: `bulk-move-${i}` }));
  const act = (verb: string) => app.call("POST", `/links/bulk/${verb}`, { body: { links } });
  const status = async () => (await app.visit("http://links.test/bulk-move-1")).status;
  expect((await act("archive")).body.data.results[1].link.archivedAt).not.toBeNull();
  expect((await act("archive")).body.data).toMatchObject({ succeeded: 3, failed: 0 });
  expect((await act("unarchive")).body.data.results[1].link).toMatchObject({ archivedAt: null, version: 3 });
  expect(await status()).toBe(302);
  expect((await act("delete")).body.data.succeeded).toBe(3);
  expect(await status()).toBe(404);
  expect((await act("archive")).body.data.failed).toBe(3);
  expect((await act("restore")).body.data.succeeded).toBe(3);
  expect(await status()).toBe(302);
});

test("what belongs to another workspace is as if it were not there", async () => {
  const links = await many(2);
  const key = await app.stranger();
  const { body } = await app.call("POST", "/links/bulk/delete", { key, body: { links } });
  expect(body.data.results.map((one: { status: number }) => one.status)).toEqual([404, 404]);
});

test("bulk calls at once for the same slugs make each of them once", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ ...to("race"), slug: `bulk-race-${i}` }));
  const answers = await Promise.all([bulk(rows), bulk(rows), bulk(rows.toReversed())]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const made = answers.reduce((sum, { body }) => sum + body.data.succeeded, 0);
  expect(made).toBe(20);
});
