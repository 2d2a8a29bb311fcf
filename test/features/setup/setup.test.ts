import { afterEach, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
afterEach(() => app.close());

/** Neither personal ones nor test sides. */
const sharedWorkspaces = async () =>
  (await app.operate("GET", "/installation/workspaces?personal=false")).body.pagination.total;

const input = (code: string) => ({
  code,
  email: "Ada@Example.com",
  password: "correct horse battery",
  workspaceName: " Acme ",
});
const setUp = (body: unknown) => app.call("POST", "/setup", { key: null, body });

test("an empty installation answers nothing but setup, redirects and health", async () => {
  app = await testApp({ fresh: true });
  for (const path of ["/links", "/keys", "/workspace", "/analytics/overview"])
    expect([path, (await app.call("GET", path, { key: null })).status]).toEqual([path, 503]);
  expect((await app.visit("http://links.test/x")).status).toBe(404);
  expect((await app.visit("http://links.test/healthz")).status).toBe(200);
  expect((await app.call("GET", "/setup", { key: null })).body.data).toEqual({ needed: true });
});

test("the code that was printed makes the operator, the first workspace, its key and its domain, on record", async () => {
  app = await testApp({ fresh: true, env: { WAYPOST_BASE_URL: "" } });
  const { status, body } = await setUp(input(` ${app.app.firstRun.code!.toLowerCase()} `));
  expect(status).toBe(201);
  expect(body.data.user).toMatchObject({ email: "Ada@Example.com", operator: true });
  expect(body.data.workspace.name).toBe("Acme");
  const key = body.data.key.secret;
  const made = await app.call("POST", "/links", {
    key,
    body: { destinationUrl: "https://example.com/", slug: "first" },
  });
  expect(made.body.data.shortUrl).toBe("http://links.test/first");
  expect((await app.visit("http://links.test/first")).status).toBe(302);
  expect((await app.events()).slice(0, 5).sort()).toEqual(
    // The second workspace is the personal one that comes with every account.
    ["installation.set_up", "key.created", "user.created", "workspace.created", "workspace.created"].sort(),
  );
  const [user] = await app.db.read.select().from(app.db.tables.users);
  expect(user?.passwordHash).toStartWith("$argon2id$");
  expect(await Bun.password.verify("correct horse battery", user!.passwordHash!)).toBe(true);
});

test("a wrong code changes nothing; afterwards no code is right", async () => {
  app = await testApp({ fresh: true });
  const code = app.app.firstRun.code!;
  const wrong = await setUp(input("AAAAA-AAAAA"));
  expect([wrong.status, wrong.body.error.code]).toEqual([403, "FORBIDDEN"]);
  expect(await app.events()).toEqual([]);
  expect((await setUp(input(code))).status).toBe(201);
  expect(app.app.firstRun.code).toBeNull();
  expect((await setUp(input(code))).status).toBe(409);
  expect((await app.call("GET", "/setup", { key: null })).body.data).toEqual({ needed: false });
});

test("of two setups at once one is taken", async () => {
  app = await testApp({ fresh: true });
  const code = app.app.firstRun.code!;
  const answers = await Promise.all([
    setUp(input(code)),
    setUp({ ...input(code), email: "eve@example.com" }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(await sharedWorkspaces()).toBe(1);
});

test("weak or odd input is refused by name, and the code stays good", async () => {
  app = await testApp({ fresh: true });
  const good = input(app.app.firstRun.code!);
  for (const [field, value] of [
    ["email", "nope"],
    ["email", `${"a".repeat(65)}@example.com`],
    ["password", "short"],
    ["password", "x".repeat(257)],
    ["workspaceName", "   "],
    ["workspaceName", "x".repeat(101)],
    ["code", ""],
  ] as const) {
    const { status, body } = await setUp({ ...good, [field]: value });
    expect([field, status, body.error.details[0].path]).toEqual([field, 400, `/${field}`]);
  }
  expect((await setUp(good)).status).toBe(201);
});

test("a setup key provisions an empty installation with exactly its value, and is ignored afterwards", async () => {
  app = await testApp();
  expect((await app.call("GET", "/links/count")).status).toBe(200);
  expect(app.app.firstRun.code).toBeNull();
  await app.app.firstRun.begin("http://elsewhere.test");
  expect(await sharedWorkspaces()).toBe(1);
  expect(JSON.stringify(await app.db.read.select().from(app.db.tables.keys))).not.toContain(app.owner);
});
