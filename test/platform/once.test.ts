import { afterAll, beforeAll, expect, test } from "bun:test";
import { hashOf } from "../../src/lib/secrets.ts";
import { systemActor } from "../../src/platform/context.ts";
import { permissions } from "../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { addressOf, makers, readApi, validBody } from "../support/operations.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const body = { destinationUrl: "https://example.com/" };
const post = (key: string, fields: Record<string, unknown> = {}, as?: string) =>
  app.call("POST", "/links", {
    body: { ...body, ...fields },
    headers: { "idempotency-key": key },
    ...(as ? { key: as } : {}),
  });
const count = async () => (await app.call("GET", "/links/count")).body.data.count as number;

test("a retry gets the first answer byte for byte, and nothing happens twice", async () => {
  const first = await post("retry");
  const before = await count();
  app.clock.advance(60_000);
  const again = await post("retry");
  expect([again.status, again.text]).toEqual([first.status, first.text]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expect(await count()).toBe(before);
});

test("of fifty at once one has an effect; the others are told to wait or get its answer", async () => {
  const before = await count();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post("parallel")));
  expect(await count()).toBe(before + 1);
  for (const { status } of answers) expect([201, 409]).toContain(status);
  expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
});

test("other parameters under the same key are 422", async () => {
  await post("mismatch", { slug: "mm" });
  const other = await post("mismatch", { slug: "mn" });
  expect([other.status, other.body.error.code]).toEqual([422, "IDEMPOTENCY_MISMATCH"]);
});

test("a refusal is not kept: the mended request may use the key", async () => {
  expect((await post("mended", { slug: "api" })).status).toBe(400);
  expect((await post("mended", { slug: "mended" })).status).toBe(201);
});

test("a conflict is not kept either", async () => {
  await post("conflict-a", { slug: "held" });
  expect((await post("conflict-b", { slug: "held" })).status).toBe(409);
  expect((await post("conflict-b", { slug: "held-2" })).status).toBe(201);
});

test("keys of different callers have nothing to do with each other", async () => {
  const one = await post("shared");
  const two = await post("shared", {}, await app.keyOf("editor"));
  const three = await post("shared", {}, await app.stranger());
  expect(new Set([one, two, three].map(({ body: answer }) => answer.data.id)).size).toBe(3);
});

test("after a day the key is forgotten", async () => {
  const first = await post("daily");
  app.clock.advance(24 * 3_600_000 + 1);
  const next = await post("daily");
  expect(next.status).toBe(201);
  expect(next.body.data.id).not.toBe(first.body.data.id);
});

test("the longest key is taken; one longer or unprintable is refused", async () => {
  expect((await post("k".repeat(255))).status).toBe(201);
  expect((await post("k".repeat(256))).status).toBe(400);
  expect((await post("ä")).status).toBe(400);
});

test("an answer that shows a secret is kept nowhere, and a retry is told so", async () => {
  const make = () =>
    app.call("POST", "/keys", { body: { name: "once" }, headers: { "idempotency-key": "secret" } });
  const first = await make();
  expect(first.status).toBe(201);
  expect((await make()).status).toBe(409);
  const rows = await app.db.read.select().from(app.db.tables.idempotency);
  expect(JSON.stringify(rows)).not.toContain(first.body.data.secret);
});

test("a link that was found instead of made is answered again as it was, and so is one that was made", async () => {
  const url = "https://example.com/find-once";
  const ask = (key: string) => post(key, { destinationUrl: url, findExisting: true });
  const made = await ask("find-1");
  const retried = await ask("find-1");
  expect([made.status, retried.status, retried.text]).toEqual([201, 201, made.text]);
  const found = await ask("find-2");
  const again = await ask("find-2");
  expect([found.status, again.status, again.text]).toEqual([200, 200, found.text]);
  expect(found.body.data.id).toBe(made.body.data.id);
});

test("a key with another If-Match asks for something else", async () => {
  const { body: made, headers } = await post("etag");
  expect(headers.get("etag")).toBe(`"${made.data.id}-1"`);
  expect((await post("etag")).headers.get("etag")).toBe(`"${made.data.id}-1"`);
  const archive = (ifMatch: string) =>
    app.call("POST", `/links/${made.data.id}/archive`, {
      headers: { "idempotency-key": "arch", "if-match": ifMatch },
    });
  expect((await archive(`"${made.data.id}-1"`)).status).toBe(200);
  expect((await archive(`"${made.data.id}-2"`)).status).toBe(422);
});

test("answers past their time are taken away by those that come after", async () => {
  for (let i = 0; i < 5; i++) await post(`old-${i}`);
  app.clock.advance(25 * 3_600_000);
  await post("sweeper");
  expect(await app.db.read.$count(app.db.tables.idempotency)).toBe(1);
});

test("a password is kept in no form but its own hash", async () => {
  const password = "correct horse battery";
  const actor = { ...systemActor(null, permissions), id: "local" };
  const request = new Request("http://localhost/api/v1/users", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "user" },
    body: JSON.stringify({ email: "ada@example.com", password }),
  });
  const kept = () => app.db.read.select().from(app.db.tables.idempotency);
  const before = new Set((await kept()).map(({ id }) => id));
  expect((await app.app.api.fetchAs(request, actor)).status).toBe(201);
  const [row] = (await kept()).filter(({ id }) => !before.has(id));
  const guess = { email: "ada@example.com", password };
  const hash = (input: unknown) => hashOf(`POST /api/v1/users\n\n${JSON.stringify(input)}`);
  expect(row!.requestHash).not.toBe(hash(guess));
  expect(row!.requestHash).toBe(hash({ ...guess, password: null }));
});

test("every POST honours the key", async () => {
  const api = await readApi(app);
  const posts = api.operations.filter(
    // A person's own doing (test/features/links/transfer.test.ts), what changes nothing, and files
    // (test/features/transfer/imports.test.ts).
    ({ id, method, permission }) =>
      method === "POST" &&
      permission?.startsWith("links:") &&
      !["transferLink", "simulateLink", "createImport", "cancelImport"].includes(id),
  );
  expect(posts.length).toBeGreaterThan(5);
  for (const operation of posts) {
    const { id, named } = operation;
    const target = named === null ? "" : await makers[named]!(app, app.owner, operation);
    const body = validBody(api, operation);
    const call = () =>
      app.call("POST", addressOf(operation, target, ""), {
        body,
        headers: { "idempotency-key": `every-${id}` },
      });
    const first = await call();
    const second = await call();
    expect([id, first.status < 400]).toEqual([id, true]);
    expect([id, second.text]).toEqual([id, first.text]);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
  }
});
