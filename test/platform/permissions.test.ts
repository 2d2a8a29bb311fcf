import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Permission, permissions, type Role, roles } from "../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

test("no key makes a key that may more than itself, by whichever word or role", async () => {
  for (const own of roles.owner) {
    const granted = new Set<Permission>(["keys:create", own]);
    const { body } = await app.call("POST", "/keys", { body: { name: own, permissions: [...granted] } });
    const make = async (more: object) =>
      (await app.call("POST", "/keys", { key: body.data.secret, body: { name: "wider", ...more } })).status;
    for (const wanted of permissions)
      expect([own, wanted, await make({ permissions: [wanted] })]).toEqual([
        own,
        wanted,
        granted.has(wanted) ? 201 : 403,
      ]);
    for (const role of [...(Object.keys(roles) as Role[]), undefined])
      expect([own, role, await make(role === undefined ? {} : { role })]).toEqual([own, role, 403]);
    const operators = await app.call("POST", "/installation/keys", {
      key: body.data.secret,
      body: { name: "x" },
    });
    expect(operators.status).toBe(403);
  }
}, 60_000);

test("what a key was given is what it has: no header, and no call of its own, widens it", async () => {
  const given = ["keys:create", "keys:update"];
  const { body } = await app.call("POST", "/keys", { body: { name: "narrow", permissions: given } });
  const { id, secret } = body.data;
  const headers = { "x-permissions": "links:read", "x-workspace-id": "ws_00000000000000000000000000" };
  const wider = { name: "narrow", permissions: [...given, "links:read"] };
  const asItself = { key: secret, body: wider, headers };
  expect((await app.call("POST", "/keys", asItself)).status).toBe(403);
  expect((await app.call("PATCH", `/keys/${id}`, asItself)).status).toBe(403);
  expect((await app.call("PUT", `/keys/${id}`, asItself)).status).toBe(405);
  expect((await app.call("GET", "/links", { key: secret, headers })).status).toBe(403);
  expect((await app.call("GET", `/keys/${id}`)).body.data.permissions).toEqual(given);
  // The control: whoever may do it themselves gives it.
  expect((await app.call("PATCH", `/keys/${id}`, { body: wider })).status).toBe(200);
  expect((await app.call("GET", "/links", { key: secret })).status).toBe(200);
});

test("the roles hold what they are said to hold", () => {
  expect(Object.keys(roles)).toEqual(["viewer", "editor", "admin", "owner"]);
  const installation = permissions.filter((one) => one.startsWith("installation:"));
  for (const role of Object.values(roles))
    for (const permission of installation) expect(role as readonly Permission[]).not.toContain(permission);
  for (const one of roles.viewer) expect(one).toEndWith(":read");
  for (const one of roles.viewer) expect(roles.editor).toContain(one);
  for (const one of roles.editor) expect(roles.admin).toContain(one);
});
