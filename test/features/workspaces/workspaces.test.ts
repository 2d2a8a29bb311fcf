import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { testSideOf } from "../../../src/features/workspaces/test-side.ts";
import { monthStart } from "../../../src/features/workspaces/usage.ts";
import type { Id } from "../../../src/lib/ids.ts";
import { roles } from "../../../src/platform/permissions.ts";
import { contextOf, type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
beforeAll(async () => {
  app = await testApp({ people: teamPeople, env: { WAYPOST_WORKSPACES_MAX: "20" } });
  ada = await makePerson(app, "ada@example.org");
});
afterAll(() => app.close());

const make = async (name: string, fields: object = {}) =>
  (await ada.call("POST", "/workspaces", { name, ...fields })).body.data;

test("whoever makes a workspace owns it, and it has a slug and a test side", async () => {
  const { status, body } = await ada.call("POST", "/workspaces", { name: "  Über Größe GmbH " });
  expect(status).toBe(201);
  expect(body.data).toMatchObject({
    name: "Über Größe GmbH",
    slug: "uber-gro-e-gmbh",
    environment: "live",
    isPersonal: false,
    timeZone: "UTC",
    deletedAt: null,
  });
  expect(body.data.liveId).toBe(body.data.id);
  expect(body.data.testId).toStartWith("ws_");
  const mine = (await ada.call("GET", "/workspaces?slug=uber-gro-e-gmbh")).body.data;
  expect(mine).toHaveLength(1);
  expect([mine[0].role, mine[0].permissions]).toEqual(["owner", [...roles.owner]]);
  expect((await ada.call("GET", `/workspaces/${body.data.testId}`)).body.data).toMatchObject({
    environment: "test",
    liveId: body.data.id,
    testId: body.data.testId,
    slug: null,
  });
});

test("every account has a personal workspace, made with it; an old account gets one when it looks", async () => {
  const bob = await makePerson(app, "bob@example.org");
  const { workspaces } = app.db.tables;
  const theirs = eq(workspaces.personalOf, bob.id as Id<"usr">);
  expect(await app.db.read.$count(workspaces, theirs)).toBe(1);
  await app.db.transaction((tx) => tx.delete(workspaces).where(theirs));
  const looks = await Promise.all(Array.from({ length: 5 }, () => bob.call("GET", "/workspaces")));
  for (const { status } of looks) expect(status).toBe(200);
  const { data } = (await bob.call("GET", "/workspaces")).body;
  expect(data.map((one: { isPersonal: boolean; role: string }) => [one.isPersonal, one.role])).toEqual([
    [true, "owner"],
  ]);
  expect(await app.db.read.$count(workspaces, theirs)).toBe(1);
});

test("a personal workspace is neither deleted, nor handed over, nor shared", async () => {
  const [{ id }] = (await ada.call("GET", "/workspaces")).body.data;
  await enrolled(id, async (eve) => {
    for (const [method, path, body] of [
      ["DELETE", "?confirm=Personal", undefined],
      ["POST", "/transfer", { userId: eve.id }],
      ["POST", "/invites", { email: "x@example.org" }],
    ] as const)
      expect([path, (await ada.call(method, `/workspaces/${id}${path}`, body)).status]).toEqual([path, 409]);
  });
});

async function enrolled(workspaceId: string, work: (eve: TestPerson) => Promise<void>): Promise<void> {
  const eve = await makePerson(app, `eve-${workspaceId}@example.org`);
  await enrol(app, workspaceId, eve.id, "viewer");
  await work(eve);
}

test("a slug is one workspace's; a name that makes a taken one gets letters of chance", async () => {
  const first = await make("Taken", { slug: "taken" });
  const again = await ada.call("POST", "/workspaces", { name: "x", slug: "taken" });
  expect([again.status, again.body.error.details]).toEqual([
    409,
    [{ path: "/slug", message: "slug is taken" }],
  ]);
  const second = await make("Taken");
  expect(second.slug).toMatch(/^taken-[0-9a-z]{6}$/);
  const renamed = await ada.call("PATCH", `/workspaces/${second.id}`, { slug: "taken" });
  expect(renamed.status).toBe(409);
  expect((await ada.call("PATCH", `/workspaces/${first.id}`, { slug: "Taken" })).status).toBe(400);
  expect((await make("日本")).slug).toMatch(/^workspace-[0-9a-z]{8}$/);
});

test("what a patch names changes on both sides, within branding too; null clears; the event knows what was", async () => {
  const { id, testId } = await make("Patched");
  const patch = (body: unknown) => ada.call("PATCH", `/workspaces/${id}`, body);
  const full = {
    name: "Renamed",
    timeZone: "Europe/Vienna",
    locale: "de-at",
    brand: {
      name: "Acme",
      color: "#AABBCC",
      logoUrl: "https://acme.example/l.png",
      website: "http://acme.example",
    },
    linkDefaults: { redirectStatus: 301 },
  };
  expect((await patch(full)).body.data).toMatchObject({
    name: "Renamed",
    timeZone: "Europe/Vienna",
    locale: "de-AT",
    brand: {
      name: "Acme",
      color: "#aabbcc",
      logoUrl: "https://acme.example/l.png",
      website: "http://acme.example/",
    },
    linkDefaults: { redirectStatus: 301, forwardQuery: null },
  });
  expect((await patch({ brand: { color: null } })).body.data.brand).toMatchObject({
    name: "Acme",
    color: null,
  });
  const test = (await ada.call("GET", `/workspaces/${testId}`)).body.data;
  expect([test.name, test.timeZone, test.brand.name]).toEqual(["Renamed", "Europe/Vienna", "Acme"]);
  const before = (await app.events()).length;
  expect((await patch({ name: "Renamed" })).status).toBe(200);
  expect((await app.events()).length).toBe(before);
  const events = await app.db.read
    .select()
    .from(app.db.tables.events)
    .where(eq(app.db.tables.events.subjectId, id))
    .orderBy(app.db.tables.events.id);
  const updated = events.filter(({ type }) => type === "workspace.updated");
  expect((updated[0]!.data as { previous: object }).previous).toMatchObject({
    name: "Patched",
    timeZone: "UTC",
  });
  expect(Object.keys((updated[1]!.data as { previous: object }).previous)).toEqual(["brand"]);
});

test.each([
  [{ timeZone: "Mars/Olympus" }, "/timeZone"],
  [{ locale: "not a locale" }, "/locale"],
  [{ brand: { logoUrl: "http://acme.example/l.png" } }, "/brand/logoUrl"],
  [{ brand: { logoUrl: "javascript:alert(1)" } }, "/brand/logoUrl"],
  [{ brand: { website: "ftp://acme.example" } }, "/brand/website"],
  [{ brand: { color: "red" } }, "/brand/color"],
  [{ brand: { colour: "#ffffff" } }, "/brand/colour"],
  [{ linkDefaults: { redirectStatus: 200 } }, "/linkDefaults/redirectStatus"],
  [{ name: " " }, "/name"],
  [{ name: "Acme\r\nBcc: eve@example.org" }, "/name"],
  [{ name: "Acme \u202egnp.exe" }, "/name"],
  [{ brand: { name: "a\nb" } }, "/brand/name"],
  [{ slug: "-x-" }, "/slug"],
  [{ personalOf: "usr_x" }, "/personalOf"],
  [{ testOf: "ws_x" }, "/testOf"],
  [{ purgeAt: 1 }, "/purgeAt"],
])("%j is refused by name", async (body, path) => {
  const { status, body: answer } = await app.call("PATCH", "/workspace", { body });
  expect([status, answer.error.details[0].path]).toEqual([400, path]);
});

test("a new link has the workspace's defaults where it says nothing", async () => {
  const { id } = await make("Defaults", { linkDefaults: { redirectStatus: 308, forwardQuery: false } });
  const link = async (fields: object) =>
    (await ada.call("POST", "/links", { destinationUrl: "https://example.com/", ...fields }, id)).body.data;
  expect(await link({})).toMatchObject({ redirectStatus: 308, forwardQuery: false });
  expect(await link({ redirectStatus: 302, forwardQuery: true })).toMatchObject({
    redirectStatus: 302,
    forwardQuery: true,
  });
});

test("a question that names no time zone is asked in the workspace's", async () => {
  expect((await app.call("PATCH", "/workspace", { body: { timeZone: "Asia/Tokyo" } })).status).toBe(200);
  expect((await app.call("GET", "/analytics/overview")).body.data.timezone).toBe("Asia/Tokyo");
  expect((await app.call("GET", "/analytics/overview?timezone=UTC")).body.data.timezone).toBe("UTC");
});

test("usage counts what is there, each side by itself, and the month begins in the workspace's zone", async () => {
  const { id, testId } = await make("Counted", { timeZone: "Pacific/Auckland" });
  const link = (workspaceId: string) =>
    ada.call("POST", "/links", { destinationUrl: "https://example.com/" }, workspaceId);
  const made = [await link(id), await link(id), await link(id), await link(testId)];
  await ada.call("POST", `/links/${made[0]!.body.data.id}/archive`, undefined, id);
  await ada.call("DELETE", `/links/${made[1]!.body.data.id}`, undefined, id);
  await ada.call("POST", "/keys", { name: "k" }, id);
  await ada.call("POST", "/domains", { host: "counted.example" }, id);
  await ada.call("POST", `/workspaces/${id}/invites`, { email: "counted@example.org" });
  expect((await ada.call("GET", `/workspaces/${id}/usage`)).body.data).toMatchObject({
    live: { links: 1, archivedLinks: 1, trashedLinks: 1 },
    test: { links: 1, archivedLinks: 0, trashedLinks: 0 },
    domains: 1,
    keys: 1,
    members: 1,
    invites: 1,
    month: { timeZone: "Pacific/Auckland", clicks: 0 },
  });
  expect(new Date(monthStart(Date.parse("2026-03-31T12:00:00Z"), "Pacific/Auckland")).toISOString()).toBe(
    "2026-03-31T11:00:00.000Z",
  );
});

test("a test side sees and makes test data only, on the live side's domains, and changes none of them", async () => {
  const { id, testId } = await make("Sides");
  const domain = await ada.call("POST", "/domains", { host: "sides.example" }, id);
  const link = { destinationUrl: "https://example.com/", slug: "a" };
  const live = await ada.call("POST", "/links", link, id);
  const inTest = await ada.call("POST", "/links", { ...link, slug: "b" }, testId);
  expect(inTest.body.data.shortUrl).toBe("http://sides.example/b");
  const seen = async (side: string) =>
    (await ada.call("GET", "/links", undefined, side)).body.data.map(({ slug }: { slug: string }) => slug);
  expect([await seen(id), await seen(testId)]).toEqual([["a"], ["b"]]);
  expect((await ada.call("GET", `/links/${live.body.data.id}`, undefined, testId)).status).toBe(403);
  for (const [method, body] of [
    ["PATCH", { slugLength: 5 }],
    ["DELETE", undefined],
  ] as const)
    expect((await ada.call(method, `/domains/${domain.body.data.id}`, body, testId)).status).toBe(403);
  for (const [method, path, body] of [
    ["PATCH", "/workspace", { name: "x" }],
    ["GET", `/workspaces/${testId}/members`, undefined],
    ["POST", `/workspaces/${testId}/invites`, { email: "x@example.org" }],
    ["DELETE", `/workspaces/${testId}?confirm=Sides`, undefined],
    ["POST", `/workspaces/${testId}/leave`, undefined],
  ] as const) {
    const answer = await ada.call(method, path, body, testId);
    expect([path, answer.status]).toEqual([path, 403]);
    expect(answer.body.message).toContain(`belong to the live side: ${id}`);
  }
});

test("a workspace that is older than test sides gets one when it is asked for, and one only", async () => {
  const { id } = await make("Old");
  const { workspaces } = app.db.tables;
  await app.db.transaction((tx) => tx.delete(workspaces).where(eq(workspaces.testOf, id)));
  expect((await ada.call("GET", `/workspaces/${id}`)).body.data.testId).toBeNull();
  const ctx = contextOf(app, id);
  const sides: Id<"ws">[] = [];
  for (let i = 0; i < 3; i++)
    sides.push(await app.db.transaction(async (tx) => (await testSideOf(tx, ctx, id)).other()));
  expect(new Set(sides).size).toBe(1);
  const back = await app.db.transaction((tx) => testSideOf(tx, ctx, sides[0]!));
  expect([back.side, await back.other()]).toEqual(["test", id]);
});

test("the operator lists all workspaces by name and kind, without test sides; nobody else does", async () => {
  const all = await app.operate("GET", "/installation/workspaces?limit=100");
  expect(all.body.data.every((one: { environment: string }) => one.environment === "live")).toBe(true);
  expect(all.body.data.length).toBe(all.body.pagination.total);
  const named = (await app.operate("GET", "/installation/workspaces?named=taken&personal=false")).body.data;
  expect(named.map(({ slug }: { slug: string }) => slug)).toEqual(["taken"]);
  expect((await app.call("GET", "/installation/workspaces")).status).toBe(403);
  expect((await ada.call("GET", "/installation/workspaces")).status).toBe(403);
});

test("one account owns as many workspaces as the setting says, however many it asks for at once", async () => {
  const cy = await makePerson(app, "cy@example.org");
  const answers = await Promise.all(
    Array.from({ length: 25 }, (_, i) => cy.call("POST", "/workspaces", { name: `Cy ${i}` })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(answers.find(({ status }) => status !== 201)?.body.message).toContain("may own 20");
});
