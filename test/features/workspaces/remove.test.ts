import { afterEach, beforeEach, expect, test } from "bun:test";
import { getTableColumns, getTableName, type SQL, sql } from "drizzle-orm";
import { purgeDomains } from "../../../src/features/domains/purge.ts";
import { purgeLinks } from "../../../src/features/links/purge.ts";
import { purgeMails } from "../../../src/features/mail/purge.ts";
import { purgeRules } from "../../../src/features/rules/purge.ts";
import { purgeWorkspaces } from "../../../src/features/workspaces/purge.ts";
import type { Id } from "../../../src/lib/ids.ts";
import type { Context } from "../../../src/platform/context.ts";
import { contextOf, noClicks, type TestApp, testApp } from "../../support/app.ts";
import { PIXEL } from "../../support/operations.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

const DAY_MS = 86_400_000;
const steps = [purgeLinks, purgeRules, purgeDomains, purgeMails];

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let forgotten: string[];
let id: string;
let testId: string;
let key: string;
beforeEach(async () => {
  forgotten = [];
  app = await testApp({
    people: teamPeople,
    clicks: recording,
  });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  ({ id, testId } = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data);
  await enrol(app, id, bob.id, "admin");
  await ada.call("POST", "/domains", { host: "acme.example" }, id);
  key = (await ada.call("POST", "/keys", { name: "k" }, id)).body.data.secret;
});
afterEach(() => app.close());

const recording = async () => ({
  ...(await noClicks()),
  forget: async ({ workspaceId }: { readonly workspaceId?: string }) => void forgotten.push(workspaceId!),
});

const link = (slug: string, workspaceId: string, fields: object = {}) =>
  ada.call("POST", "/links", { destinationUrl: "https://example.com/", slug, ...fields }, workspaceId);
const leads = async (url: string) => (await app.visit(url)).status;
const remove = (confirm = "Acme") => ada.call("DELETE", `/workspaces/${id}?confirm=${confirm}`);
/** Sets the clock on, so that the job loop does not purge beside the test. */
const pass = (ms: number) => app.clock.set(app.clock.now() + ms);
const purge = () => purgeWorkspaces(contextOf(app, null), steps, new AbortController().signal);

test("a deleted workspace answers nothing from the next call and the next click on, and comes back as it was", async () => {
  await link("own", id);
  await link("shared", id, { domain: "links.test" });
  await link("test", testId);
  const urls = ["http://acme.example/own", "http://links.test/shared", "http://acme.example/test"];
  const answers = async () => [
    ...(await Promise.all(urls.map(leads))),
    (await app.call("GET", "/links", { key })).status,
    (await bob.call("GET", "/links", undefined, id)).status,
    (await bob.call("GET", "/links", undefined, testId)).status,
    (await ada.call("POST", "/links", { destinationUrl: "https://example.com/" }, id)).status,
  ];
  expect(await answers()).toEqual([302, 302, 302, 200, 200, 200, 201]);
  const { status, body } = await remove();
  expect([status, Date.parse(body.data.purgeAt) - Date.parse(body.data.deletedAt)]).toEqual([
    200,
    30 * DAY_MS,
  ]);
  const closed = await answers();
  expect(closed.slice(0, 3).every((one) => one === 404 || one === 421)).toBe(true);
  expect(closed.slice(3)).toEqual([401, 404, 404, 403]);
  expect((await bob.call("GET", "/workspaces")).body.data.map(({ name }: { name: string }) => name)).toEqual([
    "Personal",
  ]);
  const gone = (await ada.call("GET", "/workspaces?deleted=true")).body.data;
  expect(gone.map((one: { id: string }) => one.id)).toEqual([id]);
  expect((await bob.call("GET", "/workspaces?deleted=true")).body.data).toEqual([]);
  expect((await bob.call("POST", `/workspaces/${id}/restore`)).status).toBe(404);
  // A process that starts meanwhile knows it, too.
  const later = await testApp({ beside: app });
  expect((await later.visit(urls[1]!)).status).toBe(404);
  await later.close();
  expect((await ada.call("POST", `/workspaces/${id}/restore`)).body.data.deletedAt).toBeNull();
  expect(await answers()).toEqual([302, 302, 302, 200, 200, 200, 201]);
});

test("deleting wants the name as it is written, a fresh proof and an owner; a key cannot do it", async () => {
  for (const wrong of ["acme", "Acme%20", "", "Personal"]) {
    const { status, body } = await remove(wrong);
    expect([wrong, status, body.error.details[0].path]).toEqual([wrong, 400, "/confirm"]);
  }
  expect((await ada.call("DELETE", `/workspaces/${id}`)).status).toBe(400);
  const stale = ada.shown({ stale: true });
  expect((await stale.call("DELETE", `/workspaces/${id}?confirm=Acme`)).body.error.details[0].path).toBe(
    "/auth/confirm",
  );
  expect((await bob.call("DELETE", `/workspaces/${id}?confirm=Acme`)).status).toBe(403);
  const owners = (await ada.call("POST", "/keys", { name: "o", role: "owner" }, id)).body.data.secret;
  expect((await app.call("DELETE", `/workspaces/${id}?confirm=Acme`, { key: owners })).status).toBe(403);
  expect((await remove()).status).toBe(200);
  expect((await remove()).status).toBe(409);
  expect((await stale.call("POST", `/workspaces/${id}/restore`)).status).toBe(403);
});

/** Letters about it; those about keys are none. */
const told = async () =>
  (await app.db.read.select().from(app.db.tables.mails)).filter(
    ({ subject }) => !subject.startsWith("A key was made"),
  );

test("an owner reads of it in their own language and zone, and else in the workspace's", async () => {
  await app.operate("PATCH", `/workspaces/${id}/members/${bob.id}`, { role: "owner" });
  await ada.call("PATCH", `/workspaces/${id}`, { locale: "en", timeZone: "UTC" });
  expect(
    (await bob.call("PATCH", "/user/profile", { locale: "de-AT", timeZone: "Pacific/Auckland" })).status,
  ).toBe(200);
  await remove();
  const mails = await told();
  const to = (address: string) => mails.find(({ recipient }) => recipient === address)!;
  expect(to("bob@example.org").subject).toBe("Acme wurde gelöscht");
  expect(to("ada@example.org").subject).toBe("Acme was deleted");
  const textTo = async (address: string) =>
    (await app.operate("GET", `/mail/${to(address).id}`)).body.data.body.text;
  expect(await textTo("bob@example.org")).toContain("10. April 2026");
  expect(await textTo("ada@example.org")).toContain("April 9, 2026");
});

test("every owner is told by mail, and until when it can be undone", async () => {
  await app.operate("PATCH", `/workspaces/${id}/members/${bob.id}`, { role: "owner" });
  await remove();
  const mails = await told();
  expect(mails.map(({ recipient, subject }) => [recipient, subject]).sort()).toEqual([
    ["ada@example.org", "Acme was deleted"],
    ["bob@example.org", "Acme was deleted"],
  ]);
  const { body } = await app.operate("GET", `/mail/${mails[0]!.id}`);
  expect(body.data.body.text).toContain("April 9, 2026");
});

test("after the grace everything of both sides is gone but the record of what happened, and nothing of others", async () => {
  await fill();
  const other = (await ada.call("POST", "/workspaces", { name: "Other" })).body.data;
  await ada.call("POST", "/links", { destinationUrl: "https://example.com/", tags: ["x"] }, other.id);
  const before = await rowsOf([other.id, other.testId]);
  const full = await rowsOf([id, testId]);
  expect(Object.entries(full).filter(([, rows]) => rows === 0)).toEqual([]);
  await remove();
  pass(30 * DAY_MS - 1);
  await purge();
  expect((await rowsOf([id, testId]))["links"]).toBe(3);
  pass(1);
  expect((await ada.call("POST", `/workspaces/${id}/restore`)).status).toBe(410);
  await purge();
  const { events, ...left } = await rowsOf([id, testId]);
  expect(Object.entries(left).filter(([, rows]) => rows !== 0)).toEqual([]);
  expect(events).toBeGreaterThan(full["events"]!);
  expect(forgotten).toEqual([testId, id, testId, id]);
  expect(await rowsOf([other.id, other.testId])).toEqual(before);
  const types = await app.events();
  expect([types.at(-1), types.includes("domain.deleted")]).toEqual(["workspace.purged", true]);
  // Its host is nobody's now.
  expect((await ada.call("POST", "/domains", { host: "acme.example" }, other.id)).status).toBe(201);
  await purge();
  expect((await app.events()).at(-1)).toBe("domain.created");
});

/** A row of everything a workspace can have. */
async function fill(): Promise<void> {
  const { jobs } = app.db.tables;
  await link("a", id, { tags: ["x", "y"] });
  const { id: linkId } = (await link("b", id)).body.data;
  await ada.call("POST", `/links/${linkId}/comments`, { text: "hm" }, id);
  const rule = { name: "R", destinationUrl: "https://example.com/r" };
  await ada.call("POST", `/links/${linkId}/rules`, rule, id);
  const variants = ["a", "b"].map((one) => ({ destinationUrl: `https://example.com/${one}` }));
  await ada.call("PUT", `/links/${linkId}/split`, { variants }, id);
  await link("c", testId, { tags: ["z"] });
  const folder = await ada.call("POST", "/folders", { name: "F" }, id);
  const members = [{ userId: bob.id, access: "read" }];
  await ada.call("PATCH", `/folders/${folder.body.data.id}`, { members }, id);
  await ada.call("POST", "/folders", { name: "In", parentId: folder.body.data.id }, id);
  await ada.call("POST", "/campaigns", { name: "C" }, id);
  await ada.call("POST", "/utm-templates", { name: "U", source: "s" }, id);
  await ada.call("POST", "/views", { name: "V" }, id);
  await ada.call("POST", "/extensions", { name: "E", appId: "abc" }, id);
  await ada.call("POST", "/qr/templates", { name: "T" }, id);
  await ada.call("PUT", "/qr/logo", { image: PIXEL }, id);
  await ada.call("POST", "/exports", {}, id);
  await app.call("POST", "/imports", { key, body: "url\nno\n", headers: { "content-type": "text/csv" } });
  const role = await ada.call("POST", `/workspaces/${id}/roles`, { name: "R", permissions: ["links:read"] });
  await ada.call("POST", `/workspaces/${id}/invites`, { email: "x@example.org", role: role.body.data.id });
  await app.db.transaction(async (tx) => {
    await tx.insert(jobs).values({
      id: "job_x",
      workspaceId: id as Id<"ws">,
      name: "x.y",
      queue: "default",
      lane: id,
      uniqueKey: null,
      state: "done",
      priority: 0,
      runAt: 0,
      args: "{}",
      attempts: 1,
      attemptsMax: 1,
      losses: 0,
      owner: null,
      leaseUntil: null,
      cancelAsked: false,
      progress: null,
      progressMessage: null,
      errors: [],
      createdBy: "x",
      createdAt: 0,
      startedAt: 0,
      endedAt: 0,
    });
    await tx.insert(app.db.tables.transfers).values({
      workspaceId: id as Id<"ws">,
      fromUserId: ada.id as Id<"usr">,
      toUserId: bob.id as Id<"usr">,
      createdAt: 0,
      expiresAt: 1,
    });
  });
}

/** How many rows of each table belong to these workspaces: tables that come later are counted too. */
async function rowsOf(ids: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of Object.values(app.db.tables)) {
    const { workspaceId } = getTableColumns(table) as unknown as Record<string, SQL>;
    if (workspaceId === undefined) continue;
    const list = sql.join(
      ids.map((one) => sql`${one}`),
      sql`, `,
    );
    counts[getTableName(table)] = await app.db.read.$count(table, sql`${workspaceId} in (${list})`);
  }
  return counts;
}

test("a purge that was broken off is finished by the next one", async () => {
  // More than one statement takes at once.
  await link("l", id);
  const { links } = app.db.tables;
  const [row] = await app.db.read.select().from(links);
  const copies = Array.from({ length: 250 }, (_, i) => ({
    ...row!,
    id: `link_${i}` as const,
    slugKey: `l-${i}`,
  }));
  await app.db.transaction((tx) => tx.insert(links).values(copies));
  await remove();
  pass(30 * DAY_MS);
  const broken = async (_: Context, workspaceId: string) => {
    if (workspaceId === id) throw new Error("the disk fell out");
  };
  const failing = purgeWorkspaces(
    contextOf(app, null),
    [purgeLinks, broken, purgeDomains],
    new AbortController().signal,
  );
  await expect(failing).rejects.toThrow("the disk fell out");
  expect(await app.db.read.$count(app.db.tables.workspaces, sql`id = ${id}`)).toBe(1);
  expect(await app.db.read.$count(links)).toBe(0);
  await purge();
  expect(await app.db.read.$count(app.db.tables.workspaces, sql`id in (${id}, ${testId})`)).toBe(0);
});

test("the job loop purges by itself, within the hour", async () => {
  await remove();
  app.clock.advance(30 * DAY_MS + 3_600_000);
  await app.app.worker.idle();
  expect(await app.db.read.$count(app.db.tables.workspaces, sql`id = ${id}`)).toBe(0);
});
