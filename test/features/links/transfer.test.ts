import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
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
  await enrol(app, here, ada.id, "editor");
});
afterAll(() => app.close());

let count = 0;
let slug: string;
let id: string;
beforeEach(async () => {
  slug = `moved-${++count}`;
  id = (await make({ slug })).body.data.id;
});

const make = (fields: object) =>
  app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", domain: "links.test", ...fields },
  });
const transfer = (body: object, who: TestPerson = ada, link = id) =>
  who.call("POST", `/links/${link}/transfer`, body, here);
const seenIn = async (workspace: string, link: string) =>
  (await ada.call("GET", `/links/${link}`, undefined, workspace)).status;

test("a link goes whole to the other workspace, as a link of its own, and is on record in both", async () => {
  const fields = {
    tags: ["a"],
    notes: "n",
    customData: { k: "v" },
    externalId: `ext-${slug}`,
    password: "secret",
  };
  await ada.call("PATCH", `/links/${id}`, fields, here);
  await ada.call("POST", `/links/${id}/comments`, { text: "stays" }, here);
  const { status, body } = await transfer({ workspaceId: there });
  const { password: _, ...shown } = fields;
  expect([status, body.data]).toMatchObject([
    200,
    { ...shown, slug, hasPassword: true, version: 1, clicks: 0 },
  ]);
  expect(body.data.id).not.toBe(id);
  expect([await seenIn(here, id), await seenIn(there, id)]).toEqual([404, 404]);
  expect([await seenIn(here, body.data.id), await seenIn(there, body.data.id)]).toEqual([404, 200]);
  const tagged = await ada.call("GET", "/links?tag=a", undefined, there);
  expect(tagged.body.data.map((one: { id: string }) => one.id)).toEqual([body.data.id]);
  const { events, linkTotals } = app.db.tables;
  const rows = await app.db.read.select().from(events).orderBy(events.id);
  expect(
    rows
      .slice(-2)
      .map(({ type, workspaceId, subjectId, actorId }) => [type, workspaceId, subjectId, actorId]),
  ).toEqual([
    ["link.transferred", here, id, ada.id],
    ["link.created", there, body.data.id, ada.id],
  ]);
  expect(rows.at(-2)!.data).toMatchObject({ toWorkspaceId: there, toLinkId: body.data.id });
  expect(
    await app.db.read
      .select()
      .from(linkTotals)
      .where(eq(linkTotals.linkId, id as "link_")),
  ).toEqual([]);
});

test("the next visitor is the other workspace's", async () => {
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(302);
  const moved = (await transfer({ workspaceId: there })).body.data;
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(302);
  await ada.call("PATCH", `/links/${moved.id}`, { destinationUrl: "https://there.test/" }, there);
  expect((await app.visit(`http://links.test/${slug}`)).headers.get("location")).toBe("https://there.test/");
});

test("a link on a domain that stays behind needs one of the other workspace, and leaves the old address free", async () => {
  const own = `own-${count}.example`;
  await app.call("POST", "/domains", { body: { host: own } });
  const theirs = `theirs-${count}.example`;
  expect((await ada.call("POST", "/domains", { host: theirs, caseSensitive: true }, there)).status).toBe(201);
  const link = (await make({ slug: "Mixed", domain: own })).body.data.id;
  expect((await app.visit(`http://${own}/mixed`)).status).toBe(302);
  for (const body of [{ workspaceId: there }, { workspaceId: there, domain: own }]) {
    const refused = await transfer(body, ada, link);
    expect([refused.status, refused.body.error.details[0].path]).toEqual([400, "/domain"]);
  }
  const moved = await transfer({ workspaceId: there, domain: theirs }, ada, link);
  expect(moved.body.data).toMatchObject({ domain: theirs, slug: "Mixed" });
  expect((await app.visit(`http://${own}/mixed`)).status).toBe(404);
  expect((await app.visit(`http://${theirs}/Mixed`)).status).toBe(302);
  expect((await app.visit(`http://${theirs}/mixed`)).status).toBe(404);
});

test("it takes rights in both workspaces, and a person: nobody else moves anything", async () => {
  const bob = await makePerson(app, `bob-${count}@example.org`);
  const refused = async (status: number, body: object, who?: TestPerson) =>
    expect([(await transfer(body, who)).status, await seenIn(here, id)]).toEqual([status, 200]);
  await enrol(app, here, bob.id, "viewer");
  await enrol(app, there, bob.id, "owner");
  await refused(403, { workspaceId: there }, bob);
  const eve = await makePerson(app, `eve-${count}@example.org`);
  await enrol(app, here, eve.id, "editor");
  await refused(400, { workspaceId: there }, eve);
  await enrol(app, there, eve.id, "viewer");
  await refused(403, { workspaceId: there }, eve);
  // A token that was not given the right to make links makes none, wherever.
  await refused(403, { workspaceId: there }, ada.shown({ scopes: ["links:read", "links:delete"] }));
  await refused(400, { workspaceId: here });
  await refused(400, { workspaceId: "ws_nowhere" });
  expect((await app.call("POST", `/links/${id}/transfer`, { body: { workspaceId: there } })).status).toBe(
    403,
  );
});

test("what cannot be there stays here: a slug or own id that is taken, a stale page, the trash", async () => {
  const taken = `theirs-${count}.test`;
  await ada.call("POST", "/domains", { host: taken }, there);
  await ada.call("POST", "/links", { destinationUrl: "https://e.co/", domain: taken, slug }, there);
  const slugged = await transfer({ workspaceId: there, domain: taken });
  expect([slugged.status, slugged.body.error.code]).toEqual([409, "SLUG_TAKEN"]);
  await ada.call("PATCH", `/links/${id}`, { externalId: `own-${count}` }, here);
  await ada.call("POST", "/links", { destinationUrl: "https://e.co/", externalId: `own-${count}` }, there);
  expect((await transfer({ workspaceId: there })).body.error.details[0].path).toBe("/externalId");
  const stale = await app.call("POST", `/links/${id}/transfer`, {
    key: ada.key,
    body: { workspaceId: there },
    headers: { "x-workspace-id": here, "if-match": '"old"' },
  });
  expect(stale.status).toBe(412);
  await ada.call("DELETE", `/links/${id}`, undefined, here);
  expect((await transfer({ workspaceId: there })).status).toBe(409);
  expect((await ada.call("GET", `/links/${id}`, undefined, here)).status).toBe(200);
});

test("a retry gets the answer of the first, and moves nothing twice", async () => {
  const call = () =>
    app.call("POST", `/links/${id}/transfer`, {
      key: ada.key,
      body: { workspaceId: there },
      headers: { "x-workspace-id": here, "idempotency-key": `move-${slug}` },
    });
  const first = await call();
  expect(first.status).toBe(200);
  const again = await call();
  expect([again.text, again.headers.get("idempotent-replayed")]).toEqual([first.text, "true"]);
});
