import { afterAll, beforeAll, expect, test } from "bun:test";
import { testMail } from "../../src/features/mail/test-mail.ts";
import { change } from "../../src/platform/events.ts";
import { queueMail } from "../../src/platform/mail/queue.ts";
import { type Permission, permissions, type Role, roles } from "../../src/platform/permissions.ts";
import { contextOf, type TestApp, testApp } from "../support/app.ts";

let app: TestApp;
const keys = new Map<string, string>();
let ours: Record<string, string>;

beforeAll(async () => {
  app = await testApp();
  for (const role of Object.keys(roles) as Role[]) keys.set(role, await app.keyOf(role));
  for (const permission of roles.owner) {
    const { body } = await app.call("POST", "/keys", {
      body: { name: permission, permissions: [permission] },
    });
    keys.set(permission, body.data.secret);
  }
  keys.set("stranger", await app.stranger());
  const link = await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } });
  const domain = await app.call("POST", "/domains", { body: { host: "matrix.example" } });
  const key = await app.call("POST", "/keys", { body: { name: "matrix" } });
  const workspace = await app.call("GET", "/workspace");
  const ctx = contextOf(app, workspace.body.data.id);
  const mail = await change(ctx, (tx) => {
    const reader = { email: "ada@example.org", name: null, locale: "en", timeZone: "UTC" };
    return queueMail(tx, ctx, testMail, reader, { at: 0, baseUrl: null });
  });
  ours = { link: link.body.data.id, domain: domain.body.data.id, key: key.body.data.id, mail };
});
afterAll(() => app.close());

const granted = (who: string): readonly string[] =>
  who in roles ? roles[who as Role] : who === "stranger" ? roles.owner : [who];

test("every route refuses whoever lacks its permission, and no one else", async () => {
  let cells = 0;
  for (const { method, path, permission } of app.app.api.routes) {
    if (permission === null) continue;
    const target = path.replace("/api/v1", "").replace(/:(\w+)/g, (_, name: string) => ours[name]!);
    const call = (key: string | null) =>
      // An empty patch or body is refused after the permission was judged, so nothing is changed by the matrix.
      app.call(method, target, { key, ...(method === "GET" ? {} : { body: { nobodyKnows: 1 } }) });
    expect([method, path, "nobody", (await call(null)).status]).toEqual([method, path, "nobody", 401]);
    expect([method, path, "garbage", (await call("way_sk_live_x")).status]).toEqual([
      method,
      path,
      "garbage",
      401,
    ]);
    for (const [who, key] of keys) {
      if (method === "DELETE" && granted(who).includes(permission)) continue;
      const { status } = await call(key);
      const may = granted(who).includes(permission);
      expect([method, path, who, status === 403]).toEqual([method, path, who, !may]);
      cells++;
    }
  }
  expect(cells).toBeGreaterThan(400);
});

test("a foreign thing is answered like a missing one on every route that names things", async () => {
  const key = keys.get("stranger")!;
  for (const { method, path, permission } of app.app.api.routes) {
    // One's own account is for people; the tests of the feature try foreign things there.
    if (permission === null || /^(installation|account):/.test(permission) || !path.includes(":")) continue;
    const ask = async (id: string) => {
      const target = path.replace("/api/v1", "").replace(/:\w+/, id);
      const { status, body } = await app.call(method, target, {
        key,
        ...(method === "PATCH" ? { body: {} } : {}),
      });
      return [method, path, status, body.error];
    };
    const name = /:(\w+)/.exec(path)![1]!;
    const missing = ours[name]!.replace(/.{4}$/, "zzzz");
    expect(await ask(ours[name]!)).toEqual(await ask(missing));
    expect((await ask(ours[name]!))[2]).toBe(404);
  }
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
