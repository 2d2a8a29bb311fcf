import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let cy: TestPerson;
let base: string;
let id: string;
beforeAll(async () => {
  app = await testApp({ people: teamPeople, env: { WAYPOST_WORKSPACES_MAX: "12" } });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  cy = await makePerson(app, "cy@example.org");
});
afterAll(() => app.close());
beforeEach(async () => {
  id = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data.id;
  base = `/workspaces/${id}`;
  await enrol(app, id, bob.id, "editor");
  await enrol(app, id, cy.id, "admin");
});

const offer = (to: TestPerson = bob) => ada.call("POST", `${base}/transfer`, { userId: to.id });
const rolesNow = async () =>
  Object.fromEntries(
    (await app.operate("GET", `${base}/members`)).body.data.map((one: { email: string; role: string }) => [
      one.email.split("@")[0],
      one.role,
    ]),
  );

test("ownership changes hands when it is accepted, and not before; the letter says so", async () => {
  expect((await offer()).status).toBe(201);
  expect(await rolesNow()).toEqual({ ada: "owner", bob: "editor", cy: "admin" });
  const mails = await app.db.read
    .select()
    .from(app.db.tables.mails)
    .where(eq(app.db.tables.mails.workspaceId, id as never));
  expect(mails.map(({ recipient, subject }) => [recipient, subject])).toEqual([
    ["bob@example.org", "Will you own Acme?"],
  ]);
  expect((await bob.call("GET", `${base}/transfer`)).body.data.toUserId).toBe(bob.id);
  expect((await bob.call("POST", `${base}/transfer/accept`)).status).toBe(200);
  expect(await rolesNow()).toEqual({ ada: "admin", bob: "owner", cy: "admin" });
  expect((await bob.call("POST", `${base}/transfer/accept`)).status).toBe(404);
  expect((await bob.call("DELETE", `${base}?confirm=Acme`)).status).toBe(200);
  expect((await app.events()).filter((type) => type.startsWith("workspace.transfer")).slice(-2)).toEqual([
    "workspace.transfer_offered",
    "workspace.transferred",
  ]);
});

test("whoever is offered it reads so in their own language", async () => {
  expect((await cy.call("PATCH", "/user/profile", { locale: "de" })).status).toBe(200);
  await offer(cy);
  const { mails } = app.db.tables;
  const [mail] = await app.db.read
    .select()
    .from(mails)
    .where(eq(mails.workspaceId, id as never));
  expect(mail!.subject).toBe("Möchten Sie Acme übernehmen?");
});

test("only an owner with a fresh proof offers, only to a member, and only that one may see or accept it", async () => {
  expect((await cy.call("POST", `${base}/transfer`, { userId: bob.id })).status).toBe(403);
  const stale = await ada.shown({ stale: true }).call("POST", `${base}/transfer`, { userId: bob.id });
  expect([stale.status, stale.body.error.details[0].path]).toEqual([403, "/auth/confirm"]);
  const eve = await makePerson(app, `eve-${id}@example.org`);
  for (const userId of [eve.id, ada.id, "usr_x"])
    expect((await ada.call("POST", `${base}/transfer`, { userId })).status).toBe(400);
  const key = (await ada.call("POST", "/keys", { name: "k", role: "owner" }, id)).body.data.secret;
  const byKey = await app.call("POST", `${base}/transfer`, { key, body: { userId: bob.id } });
  expect([byKey.status, byKey.body.message]).toEqual([
    403,
    "This is for people: sign in. A key cannot do it.",
  ]);
  expect((await offer()).status).toBe(201);
  for (const [method, at] of [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/accept"],
  ] as const)
    expect([at, (await cy.call(method, `${base}/transfer${at}`)).status]).toEqual([at, 404]);
  expect((await ada.call("POST", `${base}/transfer/accept`)).status).toBe(404);
});

test("an offer ends by declining, by taking it back, by time, and with the rights or the membership of either", async () => {
  const accept = async () => (await bob.call("POST", `${base}/transfer/accept`)).status;
  await offer();
  expect((await bob.call("DELETE", `${base}/transfer`)).status).toBe(200);
  expect(await accept()).toBe(404);
  await offer();
  expect((await ada.call("DELETE", `${base}/transfer`)).status).toBe(200);
  expect(await accept()).toBe(404);
  await offer();
  app.clock.advance(7 * 86_400_000);
  expect(await accept()).toBe(410);
  await offer();
  await app.operate("PATCH", `${base}/members/${cy.id}`, { role: "owner" });
  await cy.call("PATCH", `${base}/members/${ada.id}`, { role: "admin" });
  expect(await accept()).toBe(410);
  await cy.call("PATCH", `${base}/members/${ada.id}`, { role: "owner" });
  await offer();
  await cy.call("DELETE", `${base}/members/${bob.id}`);
  await enrol(app, id, bob.id, "editor");
  app.clock.advance(1000);
  expect(await accept()).toBe(404);
});

test("a new offer takes the place of the last one", async () => {
  await offer(bob);
  await offer(cy);
  expect((await bob.call("POST", `${base}/transfer/accept`)).status).toBe(404);
  expect((await cy.call("POST", `${base}/transfer/accept`)).status).toBe(200);
});

test("of a hundred acceptances and withdrawals at once one is done, and there is an owner in the end", async () => {
  await offer();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      i % 2 === 0 ? bob.call("POST", `${base}/transfer/accept`) : ada.call("DELETE", `${base}/transfer`),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(Object.values(await rolesNow()).filter((role) => role === "owner")).toHaveLength(1);
});

test("nobody is made to own more workspaces than they may", async () => {
  for (let i = 0; i < 12; i++) await cy.call("POST", "/workspaces", { name: `Cy ${i}` });
  await offer(cy);
  expect((await cy.call("POST", `${base}/transfer/accept`)).status).toBe(403);
  expect(await rolesNow()).toMatchObject({ ada: "owner" });
});
