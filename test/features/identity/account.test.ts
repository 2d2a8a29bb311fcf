import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { openPeople } from "../../../src/features/identity/people.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { lettersTo, makeUser, person, signedInAs } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

test("a profile is changed by what is named, in one spelling, and the event tells before and after", async () => {
  app = await testApp();
  const ada = await person(app);
  const { status, body } = await ada.call("PATCH", "/user/profile", {
    firstName: "  Ame\u0301lie ",
    locale: "de-at",
    timeZone: "Europe/Vienna",
    notifications: { newSignIns: false },
    avatarUrl: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==",
  });
  expect(status).toBe(200);
  expect(body.data).toMatchObject({
    firstName: "Amélie",
    lastName: null,
    locale: "de-AT",
    timeZone: "Europe/Vienna",
    notifications: { newSignIns: false },
    hasPassword: true,
    emailVerified: false,
    totpEnabled: false,
    passkeys: 0,
  });
  expect((await ada.call("GET", "/user/profile")).body.data).toEqual(body.data);
  const rows = await app.db.read.select().from(app.db.tables.events);
  const [event] = rows.filter(({ type }) => type === "user.updated");
  expect(event).toMatchObject({ actorId: ada.id, subjectId: ada.id });
  expect(event!.data).toMatchObject({ firstName: "Amélie", previous: { firstName: null } });
  // Nothing to change is no event.
  await ada.call("PATCH", "/user/profile", { firstName: "Amélie" });
  expect((await app.events()).filter((type) => type === "user.updated")).toHaveLength(1);
  expect((await ada.call("PATCH", "/user/profile", { firstName: null })).body.data.firstName).toBeNull();
});

test("odd input is refused by name, and hidden fields are not known", async () => {
  app = await testApp();
  const ada = await person(app);
  for (const [field, value] of [
    ["firstName", "   "],
    ["firstName", "x".repeat(101)],
    ["lastName", "a\nb"],
    ["locale", "not a locale"],
    ["timeZone", "Mars/Olympus"],
    ["timeZone", "+01:00"],
    ["avatarUrl", "http://example.com/a.png"],
    ["avatarUrl", "javascript:alert(1)"],
    ["avatarUrl", "data:image/svg+xml;base64,PHN2Zz4="],
    ["avatarUrl", "data:image/png;base64,PHN2Zz4="],
    ["notifications", { nobodyKnows: true }],
    ["operator", true],
    ["email", "eve@example.org"],
    ["emailVerified", true],
    ["passwordHash", "x"],
    ["disabledAt", null],
  ] as const) {
    const { status, body } = await ada.call("PATCH", "/user/profile", { [field]: value });
    expect([field, value, status]).toEqual([field, value, 400]);
    expect(body.error.details[0].path).toStartWith(`/${field}`);
  }
  expect((await app.events()).includes("user.updated")).toBe(false);
});

test("sessions are listed and ended, one or all others; a foreign one does not exist", async () => {
  app = await testApp();
  const ada = await person(app);
  const phone = await signedInAs(app, ada.email, { body: { platform: "app", device: "phone" } });
  const laptop = await signedInAs(app, ada.email, { body: { device: "laptop" } });
  const bob = await person(app, "bob@example.org");
  const { body } = await ada.call("GET", "/user/sessions");
  expect(body.data.map(({ id, current, device }: never) => [id, current, device])).toEqual([
    [laptop.sessionId, false, "laptop"],
    [phone.sessionId, false, "phone"],
    [ada.sessionId, true, null],
  ]);
  const missing = `ses_${"0".repeat(26)}`;
  const [foreign, none] = await Promise.all([
    ada.call("DELETE", `/user/sessions/${bob.sessionId}`),
    ada.call("DELETE", `/user/sessions/${missing}`),
  ]);
  expect([foreign.status, foreign.body.error]).toEqual([404, none.body.error]);
  expect((await bob.call("GET", "/user/profile")).status).toBe(200);
  expect((await ada.call("DELETE", `/user/sessions/${phone.sessionId}`)).status).toBe(200);
  expect((await phone.call("GET", "/user/profile")).status).toBe(401);
  expect((await ada.call("DELETE", "/user/sessions")).body.data).toEqual({ ended: 1 });
  expect((await laptop.call("GET", "/user/profile")).status).toBe(401);
  expect((await ada.call("GET", "/user/profile")).status).toBe(200);
  expect((await ada.call("DELETE", "/user/sessions")).body.data).toEqual({ ended: 0 });
});

test("a session that another process ended is over here in half a second, though it is used meanwhile", async () => {
  app = await testApp();
  const ada = await person(app);
  const phone = await signedInAs(app, ada.email);
  const other = await testApp({ beside: app });
  try {
    const there = async () => (await other.call("GET", "/user/profile", { key: phone.accessToken })).status;
    expect(await there()).toBe(200);
    expect((await ada.call("DELETE", `/user/sessions/${phone.sessionId}`)).status).toBe(200);
    app.clock.advance(499);
    // The control: it is remembered over there, so that this would be missed without the limit.
    expect(await there()).toBe(200);
    app.clock.advance(2);
    expect(await there()).toBe(401);
  } finally {
    await other.close();
  }
});

test("what was asked of a session grows old from the question on, not from the answer", async () => {
  app = await testApp();
  const ada = await person(app);
  let elapsed = 1000;
  const slow = new Proxy(app.db.read, {
    get(read, name) {
      if (name === "select") elapsed += 400;
      return Reflect.get(read, name);
    },
  });
  const db = { ...app.db, tables: app.db.tables, read: slow };
  const people = openPeople({ ...app.app.ports, db }, {} as never, { now: () => elapsed });
  const known = () => people.byBearer(ada.accessToken, "192.0.2.1");
  expect((await known())?.userId as string).toBe(ada.id);
  const { sessions } = app.db.tables;
  await app.db.transaction((tx) => tx.update(sessions).set({ endedAt: 1, endedBy: "ended_elsewhere" }));
  // The control: it is remembered still.
  expect((await known())?.userId as string).toBe(ada.id);
  expect(elapsed).toBe(1400);
  elapsed += 101;
  await expect(known()).rejects.toThrow();
});

test("an account that was disabled is out at once, with all it holds, and comes back when it is opened", async () => {
  app = await testApp();
  const ada = await person(app);
  expect((await app.operate("POST", `/users/${ada.id}/disable`)).status).toBe(200);
  expect((await ada.call("GET", "/user/profile")).status).toBe(401);
  const refresh = { key: null, body: { refreshToken: ada.refreshToken } };
  expect((await app.call("POST", "/auth/refresh-token", refresh)).status).toBe(401);
  expect(signedInAs(app, ada.email)).rejects.toThrow("wrong");
  expect((await app.operate("POST", `/users/${ada.id}/enable`)).status).toBe(200);
  expect((await ada.call("GET", "/user/profile")).status).toBe(401);
  expect((await signedInAs(app, ada.email)).id).toBe(ada.id);
  expect((await app.operate("POST", "/users/usr_x/disable")).status).toBe(404);
});

test("members of one workspace see each other's names and nothing more; others do not exist", async () => {
  app = await testApp();
  const ada = await person(app);
  const bob = await person(app, "bob@example.org");
  const [there, nowhere] = await Promise.all([
    ada.call("GET", `/user/${bob.id}`),
    ada.call("GET", `/user/usr_${"0".repeat(26)}`),
  ]);
  expect([there.status, there.body.error]).toEqual([404, nowhere.body.error]);
  const workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  for (const userId of [ada.id, bob.id])
    await app.db.transaction((tx) =>
      tx
        .insert(app.db.tables.members)
        .values({ workspaceId, userId: userId as never, role: "viewer", createdAt: 0 }),
    );
  const seen = await ada.call("GET", `/user/${bob.id}`);
  expect(Object.keys(seen.body.data).sort()).toEqual(["avatarUrl", "firstName", "id", "lastName"]);
  expect((await ada.call("GET", `/user/${ada.id}`)).status).toBe(200);
});

test("a sign-in on a device that was not seen before is told by letter, unless one wants none", async () => {
  app = await testApp();
  const ada = await person(app);
  expect(await lettersTo(app, ada.email)).toEqual([]);
  await signedInAs(app, ada.email, { body: { deviceToken: ada.deviceToken } });
  expect(await lettersTo(app, ada.email)).toEqual([]);
  await signedInAs(app, ada.email);
  expect((await lettersTo(app, ada.email)).map(({ subject }) => subject)).toEqual(["A new sign-in"]);
  await ada.call("PATCH", "/user/profile", { notifications: { newSignIns: false } });
  await signedInAs(app, ada.email);
  expect(await lettersTo(app, ada.email)).toHaveLength(1);
});

test("addresses are one account in every spelling of letters", async () => {
  app = await testApp();
  await makeUser(app, "Ada@Example.org");
  for (const email of ["ada@example.org", "ADA@EXAMPLE.ORG"]) {
    const { status, body } = await app.operate("POST", "/users", { email });
    expect([status, body.error.details[0].path]).toEqual([409, "/email"]);
  }
});
