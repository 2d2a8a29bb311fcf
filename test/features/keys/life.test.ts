import { afterAll, beforeAll, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import { openKeyAuthentication } from "../../../src/features/keys/authenticate.ts";
import { openMemberships } from "../../../src/features/workspaces/memberships.ts";
import type { Id } from "../../../src/lib/ids.ts";
import { silentLog } from "../../../src/lib/log.ts";
import type { Role } from "../../../src/platform/permissions.ts";
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

const works = async (key: string) => (await app.call("GET", "/links/count", { key })).status;
const rotate = (id: string, body?: unknown, key?: string) =>
  app.call("POST", `/keys/${id}/rotate`, { ...(body ? { body } : {}), ...(key ? { key } : {}) });
const make = async (body: Record<string, unknown> = {}) =>
  (await app.call("POST", "/keys", { body: { name: "k", ...body } })).body.data;

/** A member with a fresh proof, and a key they made. */
async function memberWithKey(role: Role, permissions: string[]) {
  const userId = await addPerson(app, { role, workspaceId });
  const key = people.tokenOf(userId, app.clock.now());
  const { body } = await app.call("POST", "/keys", {
    key,
    headers: { "x-workspace-id": workspaceId },
    body: { name: "theirs", permissions },
  });
  return { userId, token: key, ...body.data } as {
    userId: Id<"usr">;
    token: string;
    id: string;
    secret: string;
  };
}

/** As another process would: what this one remembers is over in half a second. */
const setRole = async (userId: Id<"usr">, role: Role | null) => {
  await app.db.transaction(async (tx) => {
    const { members } = app.db.tables;
    const mine = and(eq(members.userId, userId), eq(members.workspaceId, workspaceId));
    if (role === null) await tx.delete(members).where(mine);
    else await tx.update(members).set({ role }).where(mine);
  });
  app.clock.advance(1000);
};

test("a rotation fails no call: both secrets work until the overlap ends, to the millisecond", async () => {
  const { id, secret } = await make({ permissions: ["links:read"] });
  const statuses: number[] = [];
  const client = async (key: string) => {
    for (let i = 0; i < 50; i++) statuses.push(await works(key));
  };
  const old = client(secret);
  const { body } = await rotate(id, { overlapSeconds: 60 });
  await Promise.all([old, client(body.data.secret)]);
  expect(statuses).toHaveLength(100);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(body.data.overlapEndsAt).toBe(new Date(app.clock.now() + 60_000).toISOString());
  expect(body.data.hint).toEndWith(body.data.secret.slice(-4));
  app.clock.set(app.clock.now() + 59_999);
  expect([await works(secret), await works(body.data.secret)]).toEqual([200, 200]);
  app.clock.set(app.clock.now() + 1);
  expect([await works(secret), await works(body.data.secret)]).toEqual([401, 200]);
  expect((await app.events()).at(-1)).toBe("key.rotated");
});

test("without an overlap the secret of before is dead at once; within one, only such a rotation is done", async () => {
  const { id, secret } = await make();
  const second = (await rotate(id)).body.data.secret;
  expect([await works(secret), await works(second)]).toEqual([200, 200]);
  expect((await rotate(id, { overlapSeconds: 5 })).status).toBe(409);
  const third = (await rotate(id, { overlapSeconds: 0 })).body.data.secret;
  expect([await works(secret), await works(second), await works(third)]).toEqual([401, 401, 200]);
  expect((await rotate(id, { overlapSeconds: -1 })).status).toBe(400);
  expect((await rotate(id, { overlapSeconds: 604_801 })).status).toBe(400);
});

test("revoking ends every secret of a key, and a revoked or expired key is not rotated or changed", async () => {
  const { id, secret } = await make();
  const { body } = await rotate(id);
  await app.call("DELETE", `/keys/${id}`);
  expect([await works(secret), await works(body.data.secret)]).toEqual([401, 401]);
  expect((await rotate(id)).status).toBe(409);
  expect((await app.call("PATCH", `/keys/${id}`, { body: { name: "again" } })).status).toBe(409);
  const ending = await make({ expiresAt: new Date(app.clock.now() + 1000).toISOString() });
  app.clock.set(app.clock.now() + 1000);
  expect((await rotate(ending.id)).status).toBe(409);
});

test("an expiry ends the overlap too, and can be moved and taken away", async () => {
  const end = app.clock.now() + 1000;
  const { id, secret } = await make({ expiresAt: new Date(end).toISOString() });
  const { body } = await rotate(id, { overlapSeconds: 3600 });
  app.clock.set(end);
  expect([await works(secret), await works(body.data.secret)]).toEqual([401, 401]);
  const patched = await app.call("PATCH", `/keys/${id}`, { body: { expiresAt: null } });
  expect(patched.body.data.expiresAt).toBeNull();
  expect([await works(secret), await works(body.data.secret)]).toEqual([200, 200]);
});

test("a change of scopes, networks and name is felt at once, and is told with what was before", async () => {
  const { id, secret } = await make({ permissions: ["links:read", "domains:read"] });
  const patch = (body: unknown) => app.call("PATCH", `/keys/${id}`, { body });
  await patch({ permissions: ["domains:read"], name: "less" });
  expect(await works(secret)).toBe(403);
  const { events } = app.db.tables;
  const all = await app.db.read.select().from(events).orderBy(events.id);
  const last = all.findLast(({ type }) => type === "key.updated")!;
  expect((last.data as { previous: unknown }).previous).toEqual({
    name: "k",
    permissions: ["links:read", "domains:read"],
  });
  await patch({ permissions: ["links:read"], allowedIps: ["203.0.113.1"] });
  expect(await works(secret)).toBe(403);
  await patch({ allowedIps: null });
  expect(await works(secret)).toBe(200);
  const before = (await app.events()).length;
  expect((await patch({ allowedIps: null })).status).toBe(200);
  expect((await app.events()).length).toBe(before);
});

test("a key may no more than its maker: a demotion trims it, a promotion gives it back, leaving ends it", async () => {
  const { userId, secret } = await memberWithKey("admin", ["links:read", "links:create", "domains:create"]);
  const may = async () => {
    const link = await app.call("POST", "/links", { key: secret, body: { nobodyKnows: 1 } });
    const domain = await app.call("POST", "/domains", { key: secret, body: { nobodyKnows: 1 } });
    return [await works(secret), link.status, domain.status];
  };
  expect(await may()).toEqual([200, 400, 400]);
  await setRole(userId, "editor");
  expect(await may()).toEqual([200, 400, 403]);
  await setRole(userId, "viewer");
  expect(await may()).toEqual([200, 403, 403]);
  await setRole(userId, "admin");
  expect(await may()).toEqual([200, 400, 400]);
  await setRole(userId, null);
  expect(await may()).toEqual([401, 401, 401]);
});

test("a key that a key made is bound by the same person, and so is one of an account that is no more", async () => {
  const { userId, secret } = await memberWithKey("admin", ["keys:create", "links:read", "domains:create"]);
  const child = await app.call("POST", "/keys", {
    key: secret,
    body: { name: "child", permissions: ["links:read"] },
  });
  expect(child.status).toBe(201);
  expect(await works(child.body.data.secret)).toBe(200);
  await setRole(userId, null);
  expect(await works(child.body.data.secret)).toBe(401);
  const other = await memberWithKey("admin", ["links:read"]);
  await app.db.transaction((tx) =>
    tx.delete(app.db.tables.users).where(eq(app.db.tables.users.id, other.userId)),
  );
  expect(await works(other.secret)).toBe(401);
});

test("of an account that is disabled nothing opens anything, until it is open again", async () => {
  const { userId, secret, token } = await memberWithKey("admin", ["links:read"]);
  const made = await app.call("POST", "/user/tokens", { key: token, body: { name: "t" } });
  const asToken = () =>
    app.call("GET", "/links", { key: made.body.data.secret, headers: { "x-workspace-id": workspaceId } });
  const opens = async () => [await works(secret), (await asToken()).status];
  expect(await opens()).toEqual([200, 200]);
  await app.operate("POST", `/users/${userId}/disable`);
  expect(await opens()).toEqual([401, 401]);
  await app.operate("POST", `/users/${userId}/enable`);
  expect(await opens()).toEqual([200, 200]);
});

test("an operator's key dies with its maker's right to run the installation", async () => {
  const userId = await addPerson(app, { operator: true });
  const key = people.tokenOf(userId, app.clock.now(), true);
  const { body } = await app.call("POST", "/installation/keys", { key, body: { name: "op" } });
  const asks = async () => (await app.call("GET", "/installation/keys", { key: body.data.secret })).status;
  expect(await asks()).toBe(200);
  const { users } = app.db.tables;
  await app.db.transaction((tx) => tx.update(users).set({ operator: false }).where(eq(users.id, userId)));
  app.app.ports.heard({ type: "user.updated" } as never);
  expect(await asks()).toBe(401);
});

test("routes of operators' keys reach no workspace's key, wherever the operator acts", async () => {
  const userId = await addPerson(app, { role: "viewer", workspaceId, operator: true });
  const key = people.tokenOf(userId, app.clock.now(), true);
  const headers = { "x-workspace-id": workspaceId };
  const { id, secret } = await make();
  const listed = await app.call("GET", "/installation/keys?limit=100", { key, headers });
  expect(listed.body.data.map((one: { id: string }) => one.id)).not.toContain(id);
  expect((await app.call("DELETE", `/installation/keys/${id}`, { key, headers })).status).toBe(404);
  expect((await app.call("POST", `/installation/keys/${id}/rotate`, { key, headers })).status).toBe(404);
  expect(await works(secret)).toBe(200);
  const made = await app.call("POST", "/installation/keys", { key, headers, body: { name: "op" } });
  const { events } = app.db.tables;
  const rows = await app.db.read.select().from(events).where(eq(events.subjectId, made.body.data.id));
  expect(rows.map((one) => one.workspaceId)).toEqual([null]);
});

test("whoever rotates a key answers for it from then on", async () => {
  const leaving = await memberWithKey("admin", ["links:read"]);
  const staying = await memberWithKey("admin", ["links:read"]);
  await setRole(leaving.userId, null);
  expect(await works(leaving.secret)).toBe(401);
  const { body } = await app.call("POST", `/keys/${leaving.id}/rotate`, {
    key: staying.token,
    headers: { "x-workspace-id": workspaceId },
  });
  expect(await works(body.data.secret)).toBe(200);
});

test("in another process a revoked key is dead after a second, and what was remembered is not renewed by use", async () => {
  // Another process: the same database, its own memory, and no word of what the first has changed.
  let elapsed = 5000;
  const other = openKeyAuthentication({
    db: app.db,
    clock: app.clock,
    log: silentLog,
    memberships: openMemberships({ db: app.db }),
    elapsedMs: () => elapsed,
  });
  const { id, secret } = await make();
  const request = new Request("http://links.test/", { headers: { "x-api-key": secret } });
  const there = () =>
    other.of(request, null, "192.0.2.1").then(
      () => 200,
      () => 401,
    );
  expect(await there()).toBe(200);
  elapsed = 5900;
  await app.call("DELETE", `/keys/${id}`);
  // The control: it is remembered, so that this would be missed without the limit.
  expect(await there()).toBe(200);
  elapsed = 5999;
  expect(await there()).toBe(200);
  elapsed = 6001;
  expect(await there()).toBe(401);
});

test("in another process keys are dead a second after their maker has left, or their workspace was deleted", async () => {
  const other = await testApp({ beside: app, people });
  const there = async (key: string) => (await other.call("GET", "/links/count", { key })).status;
  const left = await memberWithKey("admin", ["links:read"]);
  const owner = people.tokenOf(await addPerson(app), app.clock.now());
  const made = await app.call("POST", "/workspaces", { key: owner, body: { name: "Short" } });
  const inside = { "x-workspace-id": made.body.data.id as string };
  const key = await app.call("POST", "/keys", {
    key: owner,
    headers: inside,
    body: { name: "k", role: "viewer" },
  });
  const closed: string = key.body.data.secret;
  expect([await there(left.secret), await there(closed)]).toEqual([200, 200]);

  await app.call("DELETE", `/workspaces/${workspaceId}/members/${left.userId}`);
  const removed = await app.call("DELETE", `/workspaces/${made.body.data.id}?confirm=Short`, { key: owner });
  expect([removed.status, await works(left.secret), await works(closed)]).toEqual([200, 401, 401]);
  // The control: over there they are remembered, so that this would be missed without the limit.
  expect([await there(left.secret), await there(closed)]).toEqual([200, 200]);
  app.clock.advance(1000);
  expect([await there(left.secret), await there(closed)]).toEqual([401, 401]);
  await other.close();
});

test("the last use is told, with a country once there is one", async () => {
  const { id, secret } = await make();
  expect((await app.call("GET", `/keys/${id}`)).body.data.lastUsedAt).toBeNull();
  await works(secret);
  await make();
  const { body } = await app.call("GET", `/keys/${id}`);
  expect([body.data.lastUsedAt, body.data.lastUsedCountry]).toEqual([
    new Date(app.clock.now()).toISOString(),
    null,
  ]);
});
