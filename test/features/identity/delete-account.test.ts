import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { lettersTo, makeUser, person, signedInAs } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const owns = async (workspaceId: string, userId: string, role = "owner") =>
  app.db.transaction((tx) =>
    tx.insert(app.db.tables.members).values({
      workspaceId: workspaceId as never,
      userId: userId as never,
      role: role as never,
      createdAt: 0,
    }),
  );

test("an account goes with its sessions, keys of its own and memberships; a letter says so, and events name nobody", async () => {
  app = await testApp();
  const ada = await person(app);
  const other = await signedInAs(app, ada.email);
  expect((await ada.call("DELETE", "/user", {})).status).toBe(200);
  for (const one of [ada, other]) expect((await one.call("GET", "/user/profile")).status).toBe(401);
  const { users, sessions, refreshTokens, members } = app.db.tables;
  for (const table of [users, sessions, refreshTokens, members])
    expect(await app.db.read.$count(table)).toBe(0);
  expect((await lettersTo(app, ada.email)).at(-1)!.subject).toBe("Your account was deleted");
  const rows = await app.db.read.select().from(app.db.tables.events);
  expect(rows.find(({ type }) => type === "user.deleted")!.subjectId).toBe(ada.id);
  // What is left of them in the log is that something happened, and when.
  const told = rows.filter(({ subjectId, actorId }) => [subjectId, actorId].includes(ada.id));
  expect(told.length).toBeGreaterThan(3);
  for (const row of told) expect(JSON.stringify(row)).not.toContain("ada@example.org");
  expect(rows.map(({ type }) => type)).toContain("audit.erased");
  expect(signedInAs(app, ada.email)).rejects.toThrow("wrong");
  // The address is free again.
  await makeUser(app, ada.email);
});

test("what becomes of a workspace is asked: its last owner stays until it is settled", async () => {
  app = await testApp();
  const ada = await person(app);
  const bob = await person(app, "bob@example.org");
  const { id, name } = (await app.call("GET", "/workspace")).body.data;
  await owns(id, ada.id);
  await owns(id, bob.id, "admin");
  const { status, body } = await ada.call("DELETE", "/user", {});
  expect([status, body.error.details]).toEqual([
    409,
    [{ path: `/workspaces/${id}`, message: `${name} has no other owner` }],
  ]);
  expect((await ada.call("GET", "/user/profile")).status).toBe(200);
  await app.db.transaction((tx) => tx.update(app.db.tables.members).set({ role: "owner" }));
  app.clock.advance(1000);
  // An owner whose account was closed looks after nothing.
  await app.operate("POST", `/users/${bob.id}/disable`);
  expect((await ada.call("DELETE", "/user", {})).status).toBe(409);
  await app.operate("POST", `/users/${bob.id}/enable`);
  expect((await ada.call("DELETE", "/user", {})).status).toBe(200);
  const again = await signedInAs(app, bob.email);
  const left = (await app.call("GET", "/audit?type=member.left")).body.data;
  expect(left.map((one: { subjectId: string }) => one.subjectId)).toEqual([ada.id]);
  expect((await again.call("GET", "/links", undefined, { "x-workspace-id": id })).status).toBe(200);
});

test("the last operator stays", async () => {
  app = await testApp();
  await makeUser(app, "ada@example.org", { operator: true });
  const ada = await signedInAs(app);
  expect((await ada.call("DELETE", "/user", {})).body.message).toContain("last operator");
  const bob = await makeUser(app, "bob@example.org", { operator: true });
  // One whose account was closed runs nothing.
  await app.operate("POST", `/users/${bob}/disable`);
  expect((await ada.call("DELETE", "/user", {})).body.message).toContain("last operator");
  await app.operate("POST", `/users/${bob}/enable`);
  expect((await ada.call("DELETE", "/user", {})).status).toBe(200);
});

test("a workspace that is named is given up with the account, and can be restored for a while; the personal one is not", async () => {
  app = await testApp();
  const ada = await person(app);
  const { id } = (await app.call("GET", "/workspace")).body.data;
  await owns(id, ada.id);
  // One that was deleted before is settled.
  const { data: gone } = (await ada.call("POST", "/workspaces", { name: "Gone" })).body;
  expect((await ada.call("DELETE", `/workspaces/${gone.id}?confirm=Gone`)).status).toBe(200);
  expect((await ada.call("DELETE", "/user", { workspaces: [id] })).status).toBe(200);
  const { workspaces } = app.db.tables;
  const rows = await app.db.read.select().from(workspaces);
  const given = rows.find((row) => row.id === id)!;
  expect(given.purgeAt! - given.deletedAt!).toBe(30 * 86_400_000);
  const personal = rows.filter(({ name, deletedAt }) => name === "Personal" && deletedAt !== null);
  expect(personal.some(({ purgeAt, deletedAt }) => purgeAt === deletedAt)).toBe(true);
  expect((await app.call("GET", "/links")).status).toBe(401);
});
