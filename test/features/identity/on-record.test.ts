import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { makeUser, PASSWORD, person, type TestPerson } from "../../support/people.ts";

let app: TestApp;
let ada: TestPerson;
beforeAll(async () => {
  app = await testApp();
  ada = await person(app, "ada@example.org");
}, 30_000);
afterAll(() => app.close());

const GUESS = "not-the-harbour-lantern-7";
const tryIn = (email: string, address: string, password = GUESS) =>
  app.call("POST", "/auth/signin", { key: null, address, body: { email, password } });

/** What stands in the log of a kind, oldest first. */
async function entries(type: string) {
  await app.app.denials.settled();
  const { events } = app.db.tables;
  const rows = await app.db.read.select().from(events).orderBy(events.id);
  return rows.filter((row) => row.type === type);
}
const told = async (type: string) => (await entries(type)).map(({ data }) => data as Record<string, unknown>);

test("who could not sign in is on record: whose account it was, in which way, and from which network", async () => {
  expect((await tryIn("ada@example.org", "203.0.113.9")).status).toBe(401);
  expect((await tryIn("nobody@example.org", "203.0.113.9")).status).toBe(401);
  const code = { challenge: "x".repeat(43), code: "12345678" };
  await app.call("POST", "/auth/otp/verify", { key: null, address: "198.51.100.200", body: code });
  const one = { userId: null, times: 1 };
  expect(await told("user.sign_in_failed")).toEqual([
    { userId: ada.id, method: "password", network: "203.0.113.0/24", times: 1 },
    { ...one, method: "password", network: "203.0.113.0/24" },
    { ...one, method: "code", network: "198.51.100.0/24" },
  ]);
  for (const { workspaceId } of await entries("user.sign_in_failed")) expect(workspaceId).toBeNull();
}, 30_000);

test("who tries too often is on record too, with whose tries were counted, and the log does not fill", async () => {
  const before = (await entries("user.sign_in_failed")).length;
  for (let at = 0; at < 40; at++) await tryIn("eve@example.org", "192.0.2.77");
  const throttled = await told("user.sign_in_throttled");
  expect(throttled.length).toBeLessThanOrEqual(2);
  expect(throttled[0]).toEqual({ userId: null, limit: "account", network: "192.0.2.0/24", times: 1 });
  expect((await entries("user.sign_in_failed")).length).toBe(before + 1);
  app.clock.advance(10 * 60_000);
  await app.app.denials.settled();
  const times = async (type: string) =>
    (await told(type))
      .filter((one) => one["network"] === "192.0.2.0/24")
      .reduce((sum, one) => sum + Number(one["times"]), 0);
  // None is lost: forty tries, looked at or not.
  expect((await times("user.sign_in_failed")) + (await times("user.sign_in_throttled"))).toBe(40);
}, 60_000);

test("a sign-in, its end, and a second of each are on record with their way", async () => {
  const bob = await person(app, "bob@example.org");
  await bob.call("POST", "/auth/signout");
  const [started] = (await entries("session.created")).filter(({ actorId }) => actorId === bob.id);
  expect(started!.data).toMatchObject({ userId: bob.id, method: "password" });
  expect(started!.origin).toMatchObject({ network: expect.stringMatching(/\/24$/) });
  expect((await told("session.ended")).at(-1)).toMatchObject({ userId: bob.id, by: "signed_out" });
}, 30_000);

test("a key that is shown from where it may not be used is on record in its workspace, with the reason", async () => {
  const { id: workspaceId } = (await app.call("GET", "/workspace")).body.data;
  const make = async (body: object) =>
    (await app.call("POST", "/keys", { body: { name: "k", ...body } })).body.data;
  const bound = await make({ role: "viewer", allowedIps: ["203.0.113.7"] });
  const pages = await make({ kind: "publishable", origins: ["https://shop.example.com"] });
  await app.call("GET", "/links", { key: bound.secret, address: "192.0.2.1" });
  await app.call("GET", "/links", { key: pages.secret, headers: { origin: "https://evil.example" } });
  const denied = (await entries("access.denied")).map((row) => [row.workspaceId, row.actorId, row.data]);
  const data = { method: "GET", route: "/api/v1/links", permission: null, times: 1 };
  expect(denied).toEqual([
    [workspaceId, bound.id, { ...data, reason: "address" }],
    [workspaceId, pages.id, { ...data, reason: "origin" }],
  ]);
});

test("no password, code or address that was typed stands in the log", async () => {
  await makeUser(app, "carl@example.org");
  await tryIn("typed-only-here@example.org", "192.0.2.9");
  await app.app.denials.settled();
  const { events } = app.db.tables;
  const text = JSON.stringify(await app.db.read.select().from(events));
  for (const secret of [GUESS, PASSWORD, "typed-only-here", '12345678"', "203.0.113.9"])
    expect(text).not.toContain(secret);
}, 30_000);
