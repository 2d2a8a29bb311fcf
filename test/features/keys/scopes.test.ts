import { afterAll, beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Id } from "../../../src/lib/ids.ts";
import { isGuarded, type Permission, permissions, roles } from "../../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { addPerson, testPeople } from "../../support/test-people.ts";

const people = testPeople();
let app: TestApp;
let workspaceId: Id<"ws">;
beforeAll(async () => {
  app = await testApp({ people });
  workspaceId = (await app.call("GET", "/workspace")).body.data.id;
});
afterAll(() => app.close());

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly permissions: Permission[];
}
const post = (path: string, key: string | undefined, body: unknown, headers = {}) =>
  app.call("POST", path, { body, headers, ...(key ? { key } : {}) });
const make = async (body: object, key?: string): Promise<Made> =>
  (await post("/keys", key, { name: "k", ...body })).body.data;

const member = async (role: keyof typeof roles, provedAgoMs: number | null = 0) => {
  const userId = await addPerson(app, { role, workspaceId });
  return people.tokenOf(userId, provedAgoMs === null ? null : app.clock.now() - provedAgoMs);
};
const asMember = (token: string, body: object, path = "/keys") =>
  post(path, token, body, { "x-workspace-id": workspaceId });

const some = (words: readonly Permission[]) => fc.uniqueArray(fc.constantFrom(...words), { maxLength: 6 });

test("no key makes, changes or rotates one that may more than itself, whatever it tries", async () => {
  await fc.assert(
    fc.asyncProperty(some(roles.owner), some(permissions), async (own, wanted) => {
      const parent = await make({ permissions: [...new Set([...own, "keys:create", "keys:update"])] });
      const strong = new Set(parent.permissions);
      const weaker = wanted.every((one) => strong.has(one));
      const child = await post("/keys", parent.secret, { name: "child", permissions: wanted });
      expect([wanted, child.status]).toEqual([wanted, weaker ? 201 : 403]);
      const empty = await make({ permissions: [] }, parent.secret);
      const widened = await app.call("PATCH", `/keys/${empty.id}`, {
        key: parent.secret,
        body: { permissions: wanted },
      });
      expect([wanted, widened.status]).toEqual([wanted, weaker ? 200 : 403]);
      // Somebody else's key with these scopes: its new secret would be theirs.
      const others = await make({
        permissions: wanted.filter((one) => new Set<Permission>(roles.owner).has(one)),
      });
      const within = others.permissions.every((one) => strong.has(one));
      const rotated = await post(`/keys/${others.id}/rotate`, parent.secret, {});
      expect([others.permissions, rotated.status]).toEqual([others.permissions, within ? 200 : 403]);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a key's child ends no later and is used from no more places", async () => {
  const end = new Date(app.clock.now() + 3_600_000).toISOString();
  const later = new Date(app.clock.now() + 7_200_000).toISOString();
  const parent = await make({ role: "owner", expiresAt: end, allowedIps: ["192.0.2.0/24"] });
  const child = await make({}, parent.secret);
  expect(child).toMatchObject({ expiresAt: end, allowedIps: ["192.0.2.0/24"] });
  const path = async (body: object) =>
    (await post("/keys", parent.secret, { name: "k", ...body })).body.error?.details[0]?.path;
  expect(await path({ expiresAt: later })).toBe("/expiresAt");
  expect(await path({ allowedIps: ["192.0.2.4/30", "192.0.3.1"] })).toBe("/allowedIps/1");
  expect(await path({ allowedIps: ["192.0.0.0/16"] })).toBe("/allowedIps/0");
  expect(await path({ expiresAt: end, allowedIps: ["192.0.2.4/30"] })).toBeUndefined();
  // Nor does it loosen itself, or take over a key that is bound less.
  const patch = (id: string, body: object) => app.call("PATCH", `/keys/${id}`, { key: parent.secret, body });
  expect((await patch(parent.id, { expiresAt: null })).body.data.expiresAt).toBe(end);
  expect((await patch(parent.id, { expiresAt: later })).status).toBe(400);
  expect((await patch(parent.id, { allowedIps: null })).body.data.allowedIps).toEqual(["192.0.2.0/24"]);
  const unbound = await make({ permissions: ["links:read"] });
  expect((await patch(unbound.id, { name: "mine" })).status).toBe(403);
  expect((await post(`/keys/${unbound.id}/rotate`, parent.secret, {})).status).toBe(403);
});

test("no key takes over one that may call oftener, and may do so with one that may call as often or less", async () => {
  const parent = await make({ role: "owner" });
  const strong = await make({ permissions: ["links:read"] });
  const rotate = (id: string) => post(`/keys/${id}/rotate`, parent.secret, {});
  const setTier = async (id: string, tier: string | null) =>
    expect((await app.operate("PATCH", `/installation/keys/${id}`, { tier })).status).toBe(200);
  await setTier(parent.id, "mobile");
  await setTier(strong.id, "admin");
  expect((await rotate(strong.id)).status).toBe(403);
  const patched = await app.call("PATCH", `/keys/${strong.id}`, {
    key: parent.secret,
    body: { name: "mine" },
  });
  expect(patched.status).toBe(403);
  await setTier(parent.id, "admin");
  expect((await rotate(strong.id)).status).toBe(200);
  await setTier(strong.id, "mobile");
  expect((await post(`/keys/${strong.id}/rotate`, parent.secret, { overlapSeconds: 0 })).status).toBe(200);
});

test("people give keys after a fresh proof only, and never more than their role", async () => {
  const wanted = { name: "k", permissions: ["keys:create", "links:read"] };
  expect((await asMember(await member("admin"), wanted)).status).toBe(201);
  expect((await asMember(await member("admin", 600_000), wanted)).status).toBe(201);
  for (const old of [600_001, 86_400_000, null]) {
    const { status, body } = await asMember(await member("admin", old), wanted);
    expect([old, status, body.error.details[0].path]).toEqual([old, 403, "/auth/confirm"]);
  }
  const { body } = await asMember(await member("admin"), wanted);
  const stale = await member("admin", null);
  expect((await asMember(stale, {}, `/keys/${body.data.id}/rotate`)).status).toBe(403);
  expect((await asMember(await member("editor"), wanted)).status).toBe(403);
  expect(
    (await asMember(await member("admin"), { ...wanted, permissions: ["installation:update"] })).status,
  ).toBe(403);
});

test("routes of keys refuse a key unless a person with a fresh proof, or the operator, gave it that scope", async () => {
  const { body } = await asMember(await member("owner"), { name: "theirs", role: "owner" });
  const given = body.data as Made & { confirmedBy: string };
  expect(given.confirmedBy).toStartWith("usr_");
  expect((await post("/keys", given.secret, { name: "child" })).status).toBe(201);
  // What a key gives was given by no person, so it can open no door for others.
  for (const word of permissions.filter(isGuarded).filter((one) => given.permissions.includes(one)))
    expect([word, (await post("/keys", given.secret, { name: "c", permissions: [word] })).status]).toEqual([
      word,
      403,
    ]);
  const child = await make({ role: "owner" }, given.secret);
  expect(child.permissions.filter(isGuarded)).toEqual([]);
  expect((await app.call("GET", "/keys", { key: child.secret })).status).toBe(403);
  // A row that came by such a scope in another way has no use of it.
  const { keys } = app.db.tables;
  await app.db.transaction((tx) => tx.update(keys).set({ confirmedBy: null }));
  app.app.ports.heard({ type: "key.updated" } as never);
  expect((await app.call("GET", "/keys", { key: given.secret })).status).toBe(403);
  expect((await app.call("GET", "/links/count", { key: given.secret })).status).toBe(200);
  await app.db.transaction((tx) => tx.update(keys).set({ confirmedBy: "operator" }));
  app.app.ports.heard({ type: "key.updated" } as never);
  // The control: the very same key, confirmed.
  expect((await app.call("GET", "/keys", { key: given.secret })).status).toBe(200);
});

test("five hundred keys in use are enough for a workspace", async () => {
  const key = await app.stranger();
  const own = (await app.call("GET", "/workspace", { key })).body.data.id as Id<"ws">;
  const { keys } = app.db.tables;
  const [row] = await app.db.read.select().from(keys).limit(1);
  const rows = Array.from({ length: 499 }, (_, i) => ({
    ...row!,
    id: `key_full${i}` as const,
    hash: `full${i}`,
    previousHash: null,
    workspaceId: own,
    revokedAt: null,
  }));
  await app.db.transaction((tx) => tx.insert(keys).values(rows));
  expect((await post("/keys", key, { name: "one too many" })).status).toBe(409);
  await app.call("DELETE", "/keys/key_full0", { key });
  expect((await post("/keys", key, { name: "now" })).status).toBe(201);
});
