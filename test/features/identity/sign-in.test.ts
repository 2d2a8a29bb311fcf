import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eq } from "drizzle-orm";
import { type TestApp, testApp } from "../../support/app.ts";
import { makeUser, PASSWORD, person, signedInAs } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const signIn = (body: object, address = "203.0.113.7") =>
  app.call("POST", "/auth/signin", { key: null, address, body });

test("a password opens a session with tokens, which keeps where and by what it was opened", async () => {
  app = await testApp();
  const id = await makeUser(app, "Ada@Example.org", { firstName: " Ada " });
  const { status, body } = await signIn({
    email: "aDA@example.ORG",
    password: PASSWORD,
    platform: "app",
    device: "Ada's phone",
  });
  expect(status).toBe(200);
  expect(body.data.user).toMatchObject({ id, email: "Ada@Example.org", firstName: "Ada" });
  expect(body.data.session).toMatchObject({
    kind: "tokens",
    method: "password",
    platform: "app",
    device: "Ada's phone",
    network: "203.0.113.0/24",
    current: true,
  });
  expect(body.data.csrfToken).toBeNull();
  expect(body.data.secondFactor).toBeNull();
  const { body: me } = await app.call("GET", "/auth/session", { key: body.data.accessToken });
  expect(me.data.user.id).toBe(id);
  expect(me.data.session.id).toBe(body.data.session.id);
});

test("a wrong password, an unknown account and a disabled one are answered alike", async () => {
  app = await testApp();
  await makeUser(app, "ada@example.org");
  const gone = await makeUser(app, "gone@example.org");
  const none = await app.operate("POST", "/users", { email: "none@example.org" });
  expect(none.status).toBe(201);
  const { users } = app.db.tables;
  await app.db.transaction((tx) =>
    tx
      .update(users)
      .set({ disabledAt: 1 })
      .where(eq(users.id, gone as never)),
  );
  const answers = await Promise.all([
    signIn({ email: "ada@example.org", password: "wrong" }),
    signIn({ email: "nobody@example.org", password: PASSWORD }),
    signIn({ email: "gone@example.org", password: PASSWORD }),
    signIn({ email: "none@example.org", password: PASSWORD }),
  ]);
  for (const { status, body } of answers)
    expect([status, body.error]).toEqual([401, { ...answers[0]!.body.error }]);
  expect(answers[0]!.body.error.code).toBe("UNAUTHORIZED");
});

test("what is stored of passwords is Argon2id with a salt of its own; of sessions, hashes alone", async () => {
  app = await testApp();
  await makeUser(app, "ada@example.org");
  await makeUser(app, "bob@example.org");
  const ada = await signedInAs(app);
  const { users, sessions, refreshTokens } = app.db.tables;
  const hashes = (await app.db.read.select().from(users)).map(({ passwordHash }) => passwordHash!);
  expect(hashes).toHaveLength(2);
  for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/);
  expect(new Set(hashes).size).toBe(2);
  const kept = JSON.stringify([
    await app.db.read.select().from(sessions),
    await app.db.read.select().from(refreshTokens),
    await app.db.read.select().from(app.db.tables.events),
  ]);
  for (const secret of [ada.refreshToken, ada.accessToken, ada.deviceToken, PASSWORD])
    expect(kept).not.toContain(secret);
  expect(ada.refreshToken).toMatch(/^way_rt_[0-9A-Za-z]{43}$/);
});

describe("hashes of others", () => {
  const imported = {
    bcrypt: () => Bun.password.hash(PASSWORD, { algorithm: "bcrypt", cost: 4 }),
    "weak argon2id": () =>
      Bun.password.hash(PASSWORD, { algorithm: "argon2id", memoryCost: 8192, timeCost: 1 }),
    pbkdf2: async () => {
      const { pbkdf2Sync } = await import("node:crypto");
      return `pbkdf2_sha256$1000$salty$${pbkdf2Sync(PASSWORD, "salty", 1000, 32, "sha256").toString("base64")}`;
    },
  };
  for (const [name, hash] of Object.entries(imported))
    test(`${name} opens its account, and is made ours by that`, async () => {
      app = await testApp();
      const id = await makeUser(app);
      const { users } = app.db.tables;
      const before = await hash();
      await app.db.transaction((tx) =>
        tx
          .update(users)
          .set({ passwordHash: before })
          .where(eq(users.id, id as never)),
      );
      expect((await signIn({ email: "ada@example.org", password: `${PASSWORD}x` })).status).toBe(401);
      expect((await signIn({ email: "ada@example.org", password: PASSWORD })).status).toBe(200);
      const [row] = await app.db.read.select().from(users);
      expect(row!.passwordHash).toStartWith("$argon2id$v=19$m=65536,t=2,");
      expect((await signIn({ email: "ada@example.org", password: PASSWORD })).status).toBe(200);
    });
});

test("a sign-out ends the session on the server: neither token opens anything", async () => {
  app = await testApp();
  const ada = await person(app);
  expect((await ada.call("GET", "/auth/session")).status).toBe(200);
  expect((await ada.call("POST", "/auth/signout")).status).toBe(200);
  expect((await ada.call("GET", "/auth/session")).body.error.code).toBe("INVALID_TOKEN");
  const again = await app.call("POST", "/auth/refresh-token", {
    key: null,
    body: { refreshToken: ada.refreshToken },
  });
  expect(again.body.error.code).toBe("INVALID_TOKEN");
  expect(await app.events()).toContain("session.ended");
});

test("a session is over when it idles, and at the latest after its life", async () => {
  app = await testApp({
    env: { WAYPOST_SESSION_IDLE: "1h", WAYPOST_SESSION_LIFE: "3h", WAYPOST_ACCESS_TOKEN_LIFE: "24h" },
  });
  const ada = await person(app);
  for (let hours = 0; hours < 3; hours += 0.75) {
    expect([hours, (await ada.call("GET", "/auth/session")).status]).toEqual([hours, 200]);
    app.clock.advance(0.75 * 3_600_000);
  }
  expect((await ada.call("GET", "/auth/session")).status).toBe(401);
  const idle = await signedInAs(app);
  app.clock.advance(3_599_000);
  expect((await idle.call("GET", "/auth/session")).status).toBe(200);
  app.clock.advance(3_600_001);
  expect((await idle.call("GET", "/auth/session")).status).toBe(401);
});

test("an access token is good for a day, or as long as the setting says", async () => {
  app = await testApp();
  const ada = await person(app);
  app.clock.advance(86_399_000);
  expect((await ada.call("GET", "/auth/session")).status).toBe(200);
  app.clock.advance(1000);
  const { status, body } = await ada.call("GET", "/auth/session");
  expect([status, body.error.code]).toEqual([401, "INVALID_TOKEN"]);
});

test("a key has no account, and nobody has none either", async () => {
  app = await testApp();
  expect((await app.call("GET", "/auth/session")).status).toBe(403);
  expect((await app.call("GET", "/auth/session", { key: null })).status).toBe(401);
});

test("a person acts in the workspace they name, with the rights of their role; a foreign one does not exist", async () => {
  app = await testApp();
  const ada = await person(app);
  const workspace = (await app.call("GET", "/workspace")).body.data.id;
  const inside = { "x-workspace-id": workspace };
  expect((await ada.call("GET", "/links", undefined, inside)).status).toBe(404);
  const { members } = app.db.tables;
  await app.db.transaction((tx) =>
    tx
      .insert(members)
      .values({ workspaceId: workspace, userId: ada.id as never, role: "viewer", createdAt: 0 }),
  );
  // As another process would: what this one remembers is over in half a second.
  app.clock.advance(1000);
  expect((await ada.call("GET", "/links", undefined, inside)).status).toBe(200);
  const made = await ada.call("POST", "/links", { destinationUrl: "https://example.com/" }, inside);
  expect(made.status).toBe(403);
});
