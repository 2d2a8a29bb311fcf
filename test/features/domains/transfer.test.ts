import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let here: string;
let there: string;
let ada: TestPerson;
beforeAll(async () => {
  app = await testApp({ people: teamPeople });
  here = (await app.call("GET", "/workspace")).body.data.id;
  ada = await makePerson(app, "ada@example.org");
  there = (await ada.call("POST", "/workspaces", { name: "There" })).body.data.id;
  await enrol(app, here, ada.id, "admin");
});
afterAll(() => app.close());

const add = async (host: string) => (await app.call("POST", "/domains", { body: { host } })).body.data;
const link = async (domain: string, fields: object = {}) =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", domain, ...fields } }))
    .body.data;
const transfer = (host: string, workspaceId = there, who: TestPerson = ada) =>
  who.call("POST", `/domains/${host}/transfer`, { workspaceId }, here);
const seen = async (workspace: string, path: string) =>
  (await ada.call("GET", path, undefined, workspace)).status;

test("a domain goes with its links, which are the other workspace's own from then on", async () => {
  const { id } = await add("goes.example");
  await app.call("PATCH", "/domains/goes.example", { body: { caseSensitive: true, slugLength: 12 } });
  const kept = await link("goes.example", { slug: "Kept", tags: ["a"], notes: "n", externalId: "ext-1" });
  const trashed = await link("goes.example", { slug: "trashed" });
  await app.call("DELETE", `/links/${trashed.id}`);
  expect((await app.visit("http://goes.example/Kept")).status).toBe(302);
  const before = (await app.events()).length;
  const { status, body } = await transfer("goes.example");
  expect([status, body.data]).toMatchObject([200, { id, host: "goes.example", slugLength: 12 }]);
  expect((await app.visit("http://goes.example/Kept")).status).toBe(302);
  expect([await seen(here, `/domains/${id}`), await seen(there, `/domains/${id}`)]).toEqual([404, 200]);
  expect([await seen(here, `/links/${kept.id}`), await seen(there, `/links/${kept.id}`)]).toEqual([404, 404]);
  const { body: list } = await ada.call("GET", "/links?tag=a", undefined, there);
  expect(list.data).toMatchObject([{ slug: "Kept", notes: "n", externalId: "ext-1", version: 1, clicks: 0 }]);
  const { links, events } = app.db.tables;
  const rows = (await app.db.read.select().from(links)).filter(({ domainId }) => domainId === id);
  expect(
    rows.map(({ slug, workspaceId, deletedAt }) => [slug, workspaceId, deletedAt !== null]).sort(),
  ).toEqual([
    ["Kept", there, false],
    ["trashed", there, true],
  ]);
  const all = (await app.db.read.select().from(events).orderBy(events.id)).slice(before);
  const told = all.filter(({ type }) => type !== "tag.created");
  expect(told.map(({ type, workspaceId }) => [type, workspaceId])).toEqual([
    ["domain.transferred", here],
    ["domain.transferred", there],
    ["link.transferred", here],
    ["link.created", there],
    ["link.transferred", here],
    ["link.created", there],
  ]);
  await ada.call("PATCH", `/links/${list.data[0].id}`, { destinationUrl: "https://there.test/" }, there);
  expect((await app.visit("http://goes.example/Kept")).headers.get("location")).toBe("https://there.test/");
});

test("a default that goes leaves the installation's own in its place", async () => {
  await add("default.example");
  await app.call("PATCH", "/domains/default.example", { body: { isDefault: true } });
  expect((await transfer("default.example")).status).toBe(200);
  expect((await link("links.test")).domain).toBe("links.test");
  expect((await app.call("GET", "/domains/links.test")).body.data.isDefault).toBe(true);
});

test("it is refused to keys, to strangers, to where it is, and without the rights in both", async () => {
  await add("stays.example");
  const path = (status: number, at: string | undefined) => [status, at];
  const refusal = async (
    given: Promise<{ status: number; body: { error?: { details?: { path: string }[] } } }>,
  ) => {
    const { status, body } = await given;
    return path(status, body.error?.details?.[0]?.path);
  };
  const byKey = app.call("POST", "/domains/stays.example/transfer", { body: { workspaceId: there } });
  expect((await byKey).status).toBe(403);
  expect(await refusal(transfer("stays.example", here))).toEqual([400, "/workspaceId"]);
  expect(await refusal(transfer("stays.example", `ws_${"0".repeat(26)}`))).toEqual([400, "/workspaceId"]);
  expect((await transfer("links.test")).status).toBe(403);
  const bob = await makePerson(app, "bob@example.org");
  expect((await transfer("stays.example", there, bob)).status).toBe(404);
  await enrol(app, here, bob.id, "admin");
  // That he is nobody here was remembered for a moment.
  app.clock.advance(1000);
  expect(await refusal(transfer("stays.example", there, bob))).toEqual([400, "/workspaceId"]);
  await enrol(app, there, bob.id, "editor");
  expect(await refusal(transfer("stays.example", there, bob))).toEqual([403, "/workspaceId"]);
  expect(await seen(here, "/domains/stays.example")).toBe(200);
});

test("an own id that is taken there keeps everything where it was", async () => {
  await add("both.example");
  await link("both.example", { slug: "first" });
  await link("both.example", { slug: "second", externalId: "ext-1" });
  const { status, body } = await transfer("both.example");
  expect([status, body.error.details[0].path]).toEqual([409, "/externalId"]);
  expect((await app.call("GET", "/links/count?domain=both.example")).body.data).toMatchObject({ count: 2 });
  expect(await seen(there, "/domains/both.example")).toBe(404);
});
