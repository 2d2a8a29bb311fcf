import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const make = async (body: object) =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...body } })).body
    .data as { id: string; shortUrl: string; slug: string };
const upsert = (body: object, key?: string) =>
  app.call("PUT", "/links/upsert", { body, ...(key === undefined ? {} : { key }) });

test("links are looked up by ids, external ids and short URLs at once, in the order asked for", async () => {
  const one = await make({ externalId: "look-1" });
  const two = await make({ slug: "look/two" });
  const query = new URLSearchParams({
    ids: `ext_look-1,link_${"0".repeat(26)},${two.id}`,
    urls: `${two.shortUrl} links.test/LOOK/two links.test/look-nowhere nobody.example/x`,
  });
  const { body } = await app.call("GET", `/links/info?${query}`);
  expect(body.data.links.map(({ id }: { id: string }) => id)).toEqual([one.id, two.id, two.id, two.id]);
  expect(body.data.missing).toEqual([
    `link_${"0".repeat(26)}`,
    "links.test/look-nowhere",
    "nobody.example/x",
  ]);
  const key = await app.stranger();
  const foreign = await app.call("GET", `/links/info?ids=${one.id}`, { key });
  expect(foreign.body.data).toEqual({ links: [], missing: [one.id] });
  const many = await app.call("GET", `/links/info?ids=${"a,".repeat(101)}`);
  expect([many.status, many.body.error.details[0].path]).toEqual([400, "/ids"]);
});

test("a slug exists in use and in the trash, and is not free when it could not be chosen", async () => {
  const state = async (slug: string) =>
    (await app.call("GET", `/links/exists?slug=${encodeURIComponent(slug)}`)).body.data;
  const { id } = await make({ slug: "look-there" });
  expect(await state("Look-There")).toMatchObject({ exists: true, free: false });
  await app.call("DELETE", `/links/${id}`);
  expect(await state("look-there")).toMatchObject({ exists: true, free: false });
  expect(await state("look-free")).toEqual({ exists: false, free: true, reason: null });
  expect(await state("api/x")).toMatchObject({ exists: false, free: false, reason: expect.any(String) });
});

test("a random link is one of those that pass, each of them sometimes, and none is 404", async () => {
  const made = [await make({ tags: ["lot"] }), await make({ tags: ["lot"] })].map(({ id }) => id).sort();
  const drawn = new Set<string>();
  for (let i = 0; i < 60; i++) drawn.add((await app.call("GET", "/links/random?tag=lot")).body.data.id);
  expect([...drawn].sort()).toEqual(made);
  expect((await app.call("GET", "/links/random?tag=nobody")).status).toBe(404);
});

test("links are counted by domain, tag and the rest, the most first", async () => {
  await make({ tags: ["by-a", "by-b"], title: "grouped" });
  await make({ tags: ["by-a"], title: "grouped", redirectStatus: 301 });
  const by = async (groupBy: string) =>
    (await app.call("GET", `/links/count?search=grouped&groupBy=${groupBy}`)).body.data;
  expect(await by("tag")).toEqual({
    count: 2,
    groups: [
      { value: "by-a", count: 2 },
      { value: "by-b", count: 1 },
    ],
  });
  expect(await by("domain")).toEqual({ count: 2, groups: [{ value: "links.test", count: 2 }] });
  expect((await by("redirectStatus")).groups.map(({ value }: { value: string }) => value).sort()).toEqual([
    "301",
    "302",
  ]);
  expect(await by("folderId")).toEqual({ count: 2, groups: [{ value: null, count: 2 }] });
  expect((await app.call("GET", "/links/count?groupBy=nonsense")).status).toBe(400);
  const used = await app.call("GET", "/links/count?search=grouped&groupBy=enabled&clicksMax=0");
  expect(used.body.data.count).toBe(2);
});

test("an upsert makes the link, then changes it by its external id, then finds nothing to change", async () => {
  const body = {
    destinationUrl: "https://example.com/up",
    externalId: "up-1",
    title: "first",
    notes: "stay",
  };
  const made = await upsert(body);
  expect([made.status, made.body.message]).toEqual([201, "Link created"]);
  const { notes: _, ...less } = { ...body, title: "second", destinationUrl: "https://example.com/up2" };
  const changed = await upsert(less);
  expect([changed.status, changed.body.message]).toEqual([200, "Link updated"]);
  expect(changed.body.data).toMatchObject({
    id: made.body.data.id,
    title: "second",
    notes: "stay",
    destinationUrl: "https://example.com/up2",
    version: 2,
  });
  const events = (await app.events()).length;
  expect((await upsert(less)).body.data.version).toBe(2);
  expect((await app.events()).length).toBe(events);
});

test("without an external id the destination tells which link is meant", async () => {
  const body = { destinationUrl: "https://example.com/by-destination" };
  const made = await upsert(body);
  const again = await upsert({ ...body, tags: ["again"] });
  expect([made.status, again.status]).toEqual([201, 200]);
  expect(again.body.data).toMatchObject({ id: made.body.data.id, tags: ["again"] });
  const refused = await upsert({ ...body, matchBy: "externalId" });
  expect([refused.status, refused.body.error.details[0].path]).toEqual([400, "/externalId"]);
});

test("who may make links and not change them is refused by an upsert of one that is there", async () => {
  const { body } = await app.call("POST", "/keys", {
    body: { name: "maker", permissions: ["links:create"] },
  });
  const key = body.data.secret as string;
  const link = { destinationUrl: "https://example.com/maker", externalId: "maker" };
  expect((await upsert(link, key)).status).toBe(201);
  expect((await upsert({ ...link, title: "no" }, key)).status).toBe(403);
});

test("upserts at once make one link", async () => {
  const body = { destinationUrl: "https://example.com/race", externalId: "up-race" };
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => upsert({ ...body, title: `${i}` })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map((one) => one.body.data.id)).size).toBe(1);
});
