import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Id } from "../../../src/lib/ids.ts";
import { type Permission, permissions } from "../../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { lacks } from "../../support/matrix.ts";
import { addressOf, type Operation, readApi, validBody, validQuery } from "../../support/operations.ts";
import { addPerson, testPeople } from "../../support/test-people.ts";

const people = testPeople();
let app: TestApp;
let workspaceId: Id<"ws">;
beforeAll(async () => {
  app = await testApp({ people });
  workspaceId = (await app.call("GET", "/workspace")).body.data.id;
});
afterAll(() => app.close());

const ask = (method: string, path: string, key: string, body?: unknown, workspace = true) =>
  app.call(method, path, { key, body, headers: workspace ? { "x-workspace-id": workspaceId } : {} });
const person = async (role: "owner" | "admin" | "editor" | "viewer", operator = false) => {
  const userId = await addPerson(app, { role, workspaceId, operator });
  return { userId, session: people.tokenOf(userId, app.clock.now(), operator) };
};
const make = async (session: string, body: object = {}) =>
  (await ask("POST", "/user/tokens", session, { name: "laptop", ...body }, false)).body.data;

test("a personal token acts as its person, with their rights of the moment, and is shown once", async () => {
  const { userId, session } = await person("editor");
  const made = await make(session);
  expect(made.secret).toStartWith("way_pt_");
  expect((await ask("GET", `/user/tokens/${made.id}`, session)).body.data.secret).toBeUndefined();
  const link = await ask("POST", "/links", made.secret, { destinationUrl: "https://example.com/" });
  expect([link.status, link.body.data.createdBy]).toEqual([201, userId]);
  expect((await ask("POST", "/domains", made.secret, { host: "x.example" })).status).toBe(403);
  expect((await ask("GET", "/links", made.secret, undefined, false)).status).toBe(403);
  expect((await ask("GET", "/links", made.secret)).status).toBe(200);
});

test("its scopes bound it, and never widen what the person may", async () => {
  const { session } = await person("viewer");
  const narrow = await make(session, { permissions: ["domains:read"] });
  expect((await ask("GET", "/links", narrow.secret)).status).toBe(403);
  expect((await ask("GET", "/domains", narrow.secret)).status).toBe(200);
  const wide = await make(session, {
    permissions: ["links:delete", "links:read", "installation:update", "keys:read"],
  });
  expect((await ask("DELETE", "/links/link_x", wide.secret)).status).toBe(403);
  expect((await ask("GET", "/installation/keys", wide.secret)).status).toBe(403);
  expect((await ask("GET", "/keys", wide.secret)).status).toBe(403);
});

test("each scope alone opens what asks for it and nothing else, on every route, of a person who may everything", async () => {
  const { session } = await person("owner", true);
  const api = await readApi(app);
  const guarded = api.operations.filter(({ permission }) => permission !== null);
  const wrong: string[] = [];
  const opens = async (scopes: Permission[], scope: string): Promise<void> => {
    const { secret } = await make(session, { permissions: scopes });
    for (const operation of guarded) {
      const answer = await nothing(secret, operation, validQuery(api, operation), validBody(api, operation));
      if (lacks(operation, answer) !== (operation.permission !== scope))
        wrong.push(`${operation.id} by ${scope}: ${answer.status} ${answer.body?.message}`);
    }
  };
  for (const scope of permissions) await opens([scope], scope);
  expect(wrong).toEqual([]);
  // The control: one scope more is found at every route that asks for it.
  await opens(["links:read", "links:delete"], "links:read");
  expect(wrong).toHaveLength(guarded.filter(({ permission }) => permission === "links:delete").length);
}, 60_000);

/** Asks for it of a thing that is nowhere, so that it is answered and not done. */
const nothing = (key: string, operation: Operation, query: string, body: unknown) =>
  ask(operation.method, addressOf(operation, "nowhere", workspaceId) + query, key, body);

test("another workspace is as closed to it as to its person", async () => {
  const { session } = await person("admin");
  const { secret } = await make(session);
  const foreign = (await app.call("GET", "/workspace", { key: await app.stranger() })).body.data.id;
  const answer = (id: string) =>
    app.call("GET", "/links", { key: secret, headers: { "x-workspace-id": id } });
  const [theirs, missing] = [await answer(foreign), await answer(`ws_${"z".repeat(26)}`)];
  expect(theirs.status).toBe(404);
  expect(theirs.body.error).toEqual(missing.body.error);
});

test("an operator's token runs the installation only when it was given that", async () => {
  const { session } = await person("admin", true);
  const plain = await make(session);
  expect((await ask("GET", "/installation/keys", plain.secret, undefined, false)).status).toBe(403);
  const given = await make(session, { permissions: ["installation:read"] });
  expect((await ask("GET", "/installation/keys", given.secret, undefined, false)).status).toBe(200);
});

test("a token makes and rotates none, and makes no key: it is no fresh proof", async () => {
  const { session } = await person("admin");
  const words = ["tokens:create", "tokens:update", "keys:create", "links:read"];
  const { id, secret } = await make(session, { permissions: words });
  for (const [path, body] of [
    ["/user/tokens", { name: "more" }],
    [`/user/tokens/${id}/rotate`, {}],
    ["/keys", { name: "k", permissions: ["links:read"] }],
  ] as const) {
    const { status, body: answer } = await ask("POST", path, secret, body);
    expect([path, status, answer.error.details[0]?.path]).toEqual([path, 403, "/auth/confirm"]);
  }
  const stale = people.tokenOf((await person("admin")).userId, app.clock.now() - 600_001);
  expect((await ask("POST", "/user/tokens", stale, { name: "t" })).status).toBe(403);
});

test("people see, rotate and end their own tokens and nobody else's, and keys see none", async () => {
  const [ada, bob] = [await person("admin"), await person("admin")];
  const { id, secret } = await make(ada.session);
  const listed = await ask("GET", "/user/tokens", ada.session, undefined, false);
  expect(listed.body.data.map((one: { id: string }) => one.id)).toEqual([id]);
  expect((await ask("GET", "/user/tokens", bob.session)).body.data).toEqual([]);
  for (const [method, path] of [
    ["GET", `/user/tokens/${id}`],
    ["POST", `/user/tokens/${id}/rotate`],
    ["DELETE", `/user/tokens/${id}`],
    ["GET", `/keys/${id}`],
    ["DELETE", `/keys/${id}`],
  ] as const)
    expect([method, path, (await ask(method, path, bob.session)).status]).toEqual([method, path, 404]);
  expect((await app.call("GET", "/user/tokens")).status).toBe(403);
  expect((await app.call("GET", "/user/tokens", { key: null })).status).toBe(401);
  expect((await app.operate("GET", `/installation/keys`)).body.data).toEqual([]);
  const rotated = (await ask("POST", `/user/tokens/${id}/rotate`, ada.session, { overlapSeconds: 10 })).body
    .data;
  const works = async (key: string) => (await ask("GET", "/links/count", key)).status;
  expect([await works(secret), await works(rotated.secret)]).toEqual([200, 200]);
  app.clock.set(app.clock.now() + 10_000);
  expect([await works(secret), await works(rotated.secret)]).toEqual([401, 200]);
  await ask("DELETE", `/user/tokens/${id}`, ada.session);
  expect(await works(rotated.secret)).toBe(401);
});

test("it is a bearer token and nothing else, ends at its hour, and keeps to its addresses", async () => {
  const { session } = await person("viewer");
  const end = app.clock.now() + 1000;
  const { secret } = await make(session, {
    expiresAt: new Date(end).toISOString(),
    allowedIps: ["192.0.2.0/24"],
  });
  const status = async (headers: Record<string, string>, address = "192.0.2.1") =>
    (
      await app.call("GET", "/links/count", {
        key: null,
        address,
        headers: { "x-workspace-id": workspaceId, ...headers },
      })
    ).status;
  const bearer = { authorization: `Bearer ${secret}` };
  expect(await status(bearer)).toBe(200);
  expect(await status({ "x-api-key": secret })).toBe(401);
  expect(await status(bearer, "198.51.100.1")).toBe(403);
  app.clock.set(end);
  expect(await status(bearer)).toBe(401);
});

test("a key and a person on one call: the key gives the workspace, the person the name, and both must be allowed", async () => {
  const { userId, session } = await person("editor");
  const key = (body: object) => app.call("POST", "/keys", { body: { name: "app", ...body } });
  const wide = (await key({ role: "owner" })).body.data.secret;
  const narrow = (await key({ permissions: ["links:read"] })).body.data.secret;
  const both = (method: string, path: string, apiKey: string, who: string, body?: unknown) =>
    app.call(method, path, { key: who, body, headers: { "x-api-key": apiKey } });
  const made = await both("POST", "/links", wide, session, { destinationUrl: "https://example.com/" });
  expect([made.status, made.body.data.createdBy]).toEqual([201, userId]);
  expect((await both("POST", "/domains", wide, session, { host: "both.example" })).status).toBe(403);
  expect(
    (await both("POST", "/links", narrow, session, { destinationUrl: "https://example.com/" })).status,
  ).toBe(403);
  expect((await both("GET", "/links", narrow, session)).status).toBe(200);
  // A personal token beside a key is bound by its scopes as well.
  const token = (await make(session, { permissions: ["domains:read"] })).secret;
  expect((await both("GET", "/links", wide, token)).status).toBe(403);
  expect((await both("GET", "/domains", wide, token)).status).toBe(200);
  // Somebody who is not in the key's workspace, and a key that is none.
  const stranger = people.tokenOf(await addPerson(app), app.clock.now());
  expect((await both("GET", "/links", wide, stranger)).status).toBe(404);
  expect((await both("GET", "/links", "way_sk_live_wrong", session)).status).toBe(401);
  const foreign = (await app.call("GET", "/workspace", { key: await app.stranger() })).body.data.id;
  const elsewhere = await app.call("GET", "/workspace", {
    key: session,
    headers: { "x-api-key": wide, "x-workspace-id": foreign },
  });
  expect(elsewhere.body.data.id).toBe(workspaceId);
});
