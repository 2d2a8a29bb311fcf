import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Question } from "../../../src/clicks/store.ts";
import { noClicks, type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let eve: TestPerson;
let ws: string;
let asked: Question[];
beforeEach(async () => {
  asked = [];
  app = await testApp({ people: teamPeople, clicks: listening });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  eve = await makePerson(app, "eve@example.org");
  ws = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data.id;
  await enrol(app, ws, bob.id, "editor");
  await enrol(app, ws, eve.id, "editor");
});
afterEach(() => app.close());

const listening = async () => ({
  ...(await noClicks()),
  query: async (question: Question) => {
    asked.push(question);
    return { rows: [], exact: true };
  },
});

const folder = async (body: object, who = ada) => (await who.call("POST", "/folders", body, ws)).body.data;
const link = async (more: object, who = ada) =>
  (await who.call("POST", "/links", { destinationUrl: "https://example.com/secret", ...more }, ws)).body.data;
const refused = async (who: TestPerson, method: string, path: string, body?: object) => {
  const answer = await who.call(method, path, body, ws);
  return [answer.status, answer.body.error?.details[0]?.path];
};

test("folders stand in each other ten deep, and never in themselves", async () => {
  const ids: string[] = [];
  for (let depth = 0; depth < 10; depth++)
    ids.push((await folder({ name: `f${depth}`, ...(depth > 0 && { parentId: ids.at(-1) }) })).id);
  expect(await refused(ada, "POST", "/folders", { name: "deep", parentId: ids[9] })).toEqual([
    409,
    "/parentId",
  ]);
  for (const inside of [ids[0], ids[5]])
    expect(await refused(ada, "PATCH", `/folders/${ids[0]}`, { parentId: inside })).toEqual([
      400,
      "/parentId",
    ]);
  const tall = (await folder({ name: "tall" })).id;
  await folder({ name: "in it", parentId: tall });
  expect(await refused(ada, "PATCH", `/folders/${tall}`, { parentId: ids[8] })).toEqual([409, "/parentId"]);
  expect((await refused(ada, "PATCH", `/folders/${tall}`, { parentId: ids[7] }))[0]).toBe(200);
  expect(await refused(ada, "POST", "/folders", { name: "F0" })).toEqual([409, "/name"]);
  expect((await refused(ada, "POST", "/folders", { name: "f0", parentId: ids[0] }))[0]).toBe(201);
  expect(await refused(ada, "POST", "/folders", { name: "x", parentId: "fold_none" })).toEqual([
    400,
    "/parentId",
  ]);
});

test("a folder is ended when nothing stands in it, the trash included", async () => {
  const outer = await folder({ name: "outer" });
  const inner = await folder({ name: "inner", parentId: outer.id });
  const { id } = await link({ folderId: inner.id });
  expect((await refused(ada, "DELETE", `/folders/${outer.id}`))[0]).toBe(409);
  await ada.call("DELETE", `/links/${id}`, undefined, ws);
  expect((await ada.call("GET", `/folders/${inner.id}`, undefined, ws)).body.data.links).toBe(0);
  expect((await refused(ada, "DELETE", `/folders/${inner.id}`))[0]).toBe(409);
  await ada.call("DELETE", `/links/${id}?permanent=true`, undefined, ws);
  for (const one of [inner, outer]) expect((await refused(ada, "DELETE", `/folders/${one.id}`))[0]).toBe(200);
});

test("lists filter by folder, with those in it or without, and by none", async () => {
  const outer = await folder({ name: "outer" });
  const inner = await folder({ name: "inner", parentId: outer.id });
  await link({ slug: "top" });
  await link({ slug: "out", folderId: outer.id });
  await link({ slug: "in", folderId: inner.id });
  const slugs = async (query: string) =>
    (await ada.call("GET", `/links?sortBy=slug&sortOrder=asc&${query}`, undefined, ws)).body.data.map(
      ({ slug }: { slug: string }) => slug,
    );
  expect(await slugs(`folderId=${outer.id}`)).toEqual(["out"]);
  expect(await slugs(`folderId=${outer.id}&subfolders=true`)).toEqual(["in", "out"]);
  expect(await slugs("folderId=none")).toEqual(["top"]);
  expect(await slugs("folderId=fold_none")).toEqual([]);
});

/** A folder that only Eve may look at, beside Ada who owns everything; Bob knows nothing of it. */
async function closed() {
  const room = await folder({
    name: "room",
    access: "none",
    members: [{ userId: eve.id, access: "read" }],
  });
  const secret = await link({
    folderId: room.id,
    slug: "secret",
    externalId: "x1",
    title: "hush",
    tags: ["t"],
  });
  await link({ slug: "open", destinationUrl: "https://example.com/open", title: "hush" });
  return { room, secret };
}
const everywhere = (id: string, room: string): [string, string, object?][] => [
  ["GET", `/links/${id}`],
  ["GET", "/links/ext_x1"],
  ["GET", "/links/secret?domain=links.test"],
  ["PATCH", `/links/${id}`, { title: "mine" }],
  ["POST", `/links/${id}/archive`],
  ["POST", `/links/${id}/unarchive`],
  ["DELETE", `/links/${id}`],
  ["DELETE", `/links/${id}?permanent=true`],
  ["GET", `/analytics/overview?link=${id}`],
  ["GET", `/folders/${room}`],
  ["PATCH", `/folders/${room}`, { name: "mine" }],
  ["DELETE", `/folders/${room}`],
];

test("who is shut out of a folder finds neither it nor its links, whichever way they come", async () => {
  const { room, secret } = await closed();
  for (const [method, path, body] of everywhere(secret.id, room.id))
    expect([method, path, (await bob.call(method, path, body, ws)).status]).toEqual([method, path, 404]);
  const slugs = async (query: string) =>
    (await bob.call("GET", `/links?${query}`, undefined, ws)).body.data.map(
      ({ slug }: { slug: string }) => slug,
    );
  for (const query of [
    "",
    "sortBy=clicks",
    "search=hush",
    "tag=t,none",
    `folderId=${room.id}`,
    "externalId=x1",
  ])
    expect([query, (await slugs(query)).includes("secret")]).toEqual([query, false]);
  const { body } = await bob.call("GET", "/links", undefined, ws);
  const counted = await bob.call("GET", "/links/count", undefined, ws);
  expect([body.pagination.total, counted.body.data.count]).toEqual([1, 1]);
  const search = await bob.call("GET", "/search?query=hush", undefined, ws);
  expect(search.body.data.links.map(({ slug }: { slug: string }) => slug)).toEqual(["open"]);
  expect((await bob.call("GET", "/folders", undefined, ws)).body.data).toEqual([]);
  const same = { destinationUrl: "https://example.com/secret", findExisting: true };
  expect((await bob.call("POST", "/links", same, ws)).status).toBe(201);
  expect(await refused(bob, "POST", "/links", { ...same, findExisting: false, folderId: room.id })).toEqual([
    400,
    "/folderId",
  ]);
  const sorted = await bob.call("POST", "/links/sort", { links: [secret.id], addTags: ["x"] }, ws);
  expect(sorted.body.data.results[0].error.code).toBe("NOT_FOUND");
});

test("numbers of the workspace leave out what is closed to whoever asks", async () => {
  const { secret } = await closed();
  const askAs = async (who: TestPerson) => {
    asked = [];
    await who.call("GET", "/analytics/overview", undefined, ws);
    await who.call("GET", "/analytics/top?by=link", undefined, ws);
    await who.call("GET", "/analytics/timeseries?domain=links.test", undefined, ws);
    return asked.map(({ withoutLinks }) => withoutLinks);
  };
  expect(await askAs(bob)).toEqual(Array(5).fill([secret.id]));
  for (const who of [ada, eve]) expect(await askAs(who)).toEqual(Array(5).fill(undefined));
});

test("who may look and not change is told so", async () => {
  const { room, secret } = await closed();
  const { body } = await eve.call("GET", `/links/${secret.id}`, undefined, ws);
  expect(body.data.folderId).toBe(room.id);
  expect((await eve.call("GET", "/folders", undefined, ws)).body.data).toMatchObject([
    { id: room.id, mayChange: false, members: [] },
  ]);
  const other = await link({ slug: "hers" }, eve);
  for (const [method, path, input] of [
    ["PATCH", `/links/${secret.id}`, { title: "mine" }],
    ["PATCH", `/links/${secret.id}`, { folderId: null }],
    ["POST", `/links/${secret.id}/archive`],
    ["DELETE", `/links/${secret.id}`],
    ["DELETE", `/links/${secret.id}?permanent=true`],
    ["PATCH", `/links/${other.id}`, { folderId: room.id }],
    ["POST", "/links", { destinationUrl: "https://example.com/", folderId: room.id }],
    ["POST", "/folders", { name: "inside", parentId: room.id }],
    ["PATCH", `/folders/${room.id}`, { name: "mine" }],
    ["PATCH", `/folders/${room.id}`, { access: "write" }],
  ] as [string, string, object?][])
    expect([method, path, (await eve.call(method, path, input, ws)).status]).toEqual([method, path, 403]);
});

test("the nearest word counts: a folder in a closed one can be open to some, and what is said of a member goes first", async () => {
  const outer = await folder({ name: "outer", access: "none" });
  const inner = await folder({ name: "inner", parentId: outer.id, access: "read" });
  const deep = await folder({ name: "deep", parentId: inner.id });
  const seen = async (who: TestPerson) =>
    (await who.call("GET", "/folders", undefined, ws)).body.data.map(
      ({ name, mayChange }: { name: string; mayChange: boolean }) => `${name} ${mayChange}`,
    );
  expect(await seen(bob)).toEqual(["deep false", "inner false"]);
  await ada.call("PATCH", `/folders/${deep.id}`, { members: [{ userId: bob.id, access: "write" }] }, ws);
  expect(await seen(bob)).toEqual(["deep true", "inner false"]);
  expect(await seen(ada)).toEqual(["deep true", "inner true", "outer true"]);
  await ada.call("PATCH", `/folders/${inner.id}`, { parentId: null, access: null }, ws);
  expect(await seen(eve)).toEqual(["deep true", "inner true"]);
  await ada.call("PATCH", `/folders/${deep.id}`, { members: [{ userId: bob.id, access: "none" }] }, ws);
  expect(await seen(bob)).toEqual(["inner true"]);
});

test("a key reaches what its maker reaches, and one of nobody's what every member does", async () => {
  const { secret } = await closed();
  await app.operate("PATCH", `/workspaces/${ws}/members/${bob.id}`, { role: "admin" });
  const made = await bob.call("POST", "/keys", { name: "k", permissions: ["links:read"] }, ws);
  const key = made.body.data.secret;
  const status = async () => (await app.call("GET", `/links/${secret.id}`, { key })).status;
  expect(await status()).toBe(200);
  await app.operate("PATCH", `/workspaces/${ws}/members/${bob.id}`, { role: "editor" });
  app.clock.advance(1000);
  expect(await status()).toBe(404);
  const { keys } = app.db.tables;
  await app.db.transaction((tx) => tx.update(keys).set({ makerId: null }));
  app.clock.advance(60_000);
  expect(await status()).toBe(404);
});

test("what was said of a member ends with the membership", async () => {
  const { secret } = await closed();
  const status = async () => (await eve.call("GET", `/links/${secret.id}`, undefined, ws)).status;
  expect(await status()).toBe(200);
  app.clock.advance(1000);
  await app.operate("DELETE", `/workspaces/${ws}/members/${eve.id}`);
  app.clock.advance(1000);
  await enrol(app, ws, eve.id, "editor");
  expect(await status()).toBe(404);
});

test("only members are named, and only by those who may change the workspace", async () => {
  const stranger = await makePerson(app, "mallory@example.org");
  const members = [{ userId: stranger.id, access: "read" }];
  expect(await refused(ada, "POST", "/folders", { name: "x", members })).toEqual([400, "/members/0/userId"]);
  expect((await refused(bob, "POST", "/folders", { name: "x", access: "none" }))[0]).toBe(403);
  expect((await refused(bob, "POST", "/folders", { name: "x" }))[0]).toBe(201);
});
