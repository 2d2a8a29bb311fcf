import { afterAll, beforeAll, expect, test } from "bun:test";
import { isApiKey, newApiKey } from "../../../src/lib/secrets.ts";
import { systemActor } from "../../../src/platform/context.ts";
import { operatorPermissions, permissions, roles } from "../../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const create = (body: Record<string, unknown>, key?: string) =>
  app.call("POST", "/keys", { body: { name: "k", ...body }, ...(key ? { key } : {}) });
const works = async (secret: string) => (await app.call("GET", "/links/count", { key: secret })).status;

test("a key is shown once, and nothing that was stored can be used in its place", async () => {
  const { status, body } = await create({ role: "viewer" });
  expect(status).toBe(201);
  expect(isApiKey(body.data.secret)).toBe(true);
  expect(body.data.permissions).toEqual([...roles.viewer]);
  const read = await app.call("GET", `/keys/${body.data.id}`);
  expect(read.body.data.secret).toBeUndefined();
  expect(read.body.data.hint).toBe(`${body.data.secret.slice(0, 14)}…${body.data.secret.slice(-4)}`);
  const { keys, events, idempotency } = app.db.tables;
  for (const table of [keys, events, idempotency])
    expect(JSON.stringify(await app.db.read.select().from(table))).not.toContain(body.data.secret);
  expect((await app.events()).at(-1)).toBe("key.created");
});

test("a revoked key is dead at once, stays in the list, and revoking again changes nothing", async () => {
  const { body } = await create({});
  expect(await works(body.data.secret)).toBe(200);
  const revoked = await app.call("DELETE", `/keys/${body.data.id}`);
  expect(revoked.body.data.revokedAt).not.toBeNull();
  expect(await works(body.data.secret)).toBe(401);
  const again = await app.call("DELETE", `/keys/${body.data.id}`);
  expect(again.body.data.revokedAt).toBe(revoked.body.data.revokedAt);
  expect((await app.call("GET", `/keys/${body.data.id}`)).status).toBe(200);
});

test("a key ends at its hour, to the millisecond", async () => {
  const at = app.clock.now() + 10_000;
  const { body } = await create({ expiresAt: new Date(at).toISOString() });
  app.clock.set(at - 1);
  expect(await works(body.data.secret)).toBe(200);
  app.clock.set(at);
  expect(await works(body.data.secret)).toBe(401);
  expect((await create({ expiresAt: "2020-01-01T00:00:00Z" })).body.error.details[0].path).toBe("/expiresAt");
});

test("no key makes one that may more than itself", async () => {
  const limited = (await create({ permissions: ["keys:create", "links:read"] })).body.data.secret;
  const wider = await create({ permissions: ["links:read", "links:delete"] }, limited);
  expect([wider.status, wider.body.error.code]).toEqual([403, "FORBIDDEN"]);
  expect((await create({ role: "viewer" }, limited)).status).toBe(403);
  expect((await create({ permissions: ["installation:update"] })).status).toBe(403);
  expect((await create({ permissions: ["links:read"] }, limited)).status).toBe(201);
  expect((await create({ permissions: ["links:everything"] })).status).toBe(400);
});

test("the use of a key is noted to the minute", async () => {
  const { body } = await create({});
  await app.call("GET", "/links/count", { key: body.data.secret });
  // The note is written beside the call; the next write waits for its turn after it.
  await create({});
  expect((await app.call("GET", `/keys/${body.data.id}`)).body.data.lastUsedAt).toBe(
    new Date(app.clock.now()).toISOString(),
  );
});

test("another workspace sees, reads and revokes no key of ours", async () => {
  const { body } = await create({});
  const key = await app.stranger();
  const listed = await app.call("GET", "/keys?limit=100", { key });
  expect(listed.body.data.map(({ id }: { id: string }) => id)).not.toContain(body.data.id);
  expect((await app.call("GET", `/keys/${body.data.id}`, { key })).status).toBe(404);
  expect((await app.call("DELETE", `/keys/${body.data.id}`, { key })).status).toBe(404);
  expect(await works(body.data.secret)).toBe(200);
});

test("keys are listed newest first, and a walk by cursor meets each once", async () => {
  const all = (await app.call("GET", "/keys?limit=100")).body.data.map(({ id }: { id: string }) => id);
  expect(all).toEqual([...all].sort().reverse());
  const walked: string[] = [];
  let cursor: string | null = null;
  do {
    const { body }: { body: { data: { id: string }[]; pagination: { nextCursor: string | null } } } =
      await app.call("GET", `/keys?limit=3${cursor ? `&cursor=${cursor}` : ""}`);
    walked.push(...body.data.map(({ id }) => id));
    cursor = body.pagination.nextCursor;
  } while (cursor);
  expect(walked).toEqual(all);
});

test("every single-character slip is told from a real key without asking the database", () => {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (let round = 0; round < 20; round++) {
    const key = newApiKey("live");
    expect(key).toMatch(/^way_sk_live_[0-9A-Za-z]{38}$/);
    for (let i = 12; i < key.length; i++)
      for (const wrong of [alphabet[(alphabet.indexOf(key[i]!) + 1) % 62]!, "_"])
        expect(isApiKey(key.slice(0, i) + wrong + key.slice(i + 1))).toBe(false);
  }
  expect(new Set(Array.from({ length: 1000 }, () => newApiKey("test"))).size).toBe(1000);
});

test("an operator lists and revokes operators' keys, and no workspace's key does", async () => {
  const operator = { ...systemActor(null, permissions), id: "local" };
  const ask = async (method: string, path: string, body?: unknown) => {
    const request = new Request(`http://localhost/api/v1/installation/keys${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await app.app.api.fetchAs(request, operator);
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
    return { status: response.status, body: (await response.json()) as any };
  };
  expect((await ask("POST", "", { name: "op", permissions: ["links:read"] })).status).toBe(400);
  const { body } = await ask("POST", "", { name: "op" });
  expect(body.data.permissions).toEqual([...operatorPermissions]);
  const secret = body.data.secret;
  expect(
    (await app.call("GET", "/installation/keys", { key: secret })).body.data.map(
      ({ id }: { id: string }) => id,
    ),
  ).toEqual([body.data.id]);
  expect((await app.call("GET", "/installation/keys")).status).toBe(403);
  expect((await app.call("GET", "/links", { key: secret })).status).toBe(403);
  expect((await app.call("DELETE", `/installation/keys/${body.data.id}`, { key: secret })).status).toBe(200);
  expect((await app.call("GET", "/installation/keys", { key: secret })).status).toBe(401);
});
