import { afterAll, beforeAll, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { testMail } from "../../src/features/mail/test-mail.ts";
import { newId } from "../../src/lib/ids.ts";
import { change } from "../../src/platform/events.ts";
import { jobRow } from "../../src/platform/jobs/enqueue.ts";
import { defineJob } from "../../src/platform/jobs/job.ts";
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
  const base = `/workspaces/${workspace.body.data.id}`;
  const role = await app.call("POST", `${base}/roles`, {
    body: { name: "matrix", permissions: ["links:read"] },
  });
  const invite = await app.call("POST", `${base}/invites`, { body: { email: "in@example.org" } });
  const user = await app.operate("POST", "/users", { email: "member@example.org" });
  await app.db.transaction((tx) =>
    tx.insert(app.db.tables.members).values({
      workspaceId: workspace.body.data.id,
      userId: user.body.data.id,
      role: "viewer",
      createdAt: tx.now,
    }),
  );
  const extension = await app.call("POST", "/extensions", { body: { name: "matrix", appId: "matrix" } });
  const token = `key_${"0".repeat(26)}`;
  const tier = "matrix";
  ours = {
    token,
    tier,
    extension: extension.body.data.id,
    link: link.body.data.id,
    domain: domain.body.data.id,
    key: key.body.data.id,
    job: await makeJob(),
    mail,
    workspace: workspace.body.data.id,
    member: user.body.data.id,
    role: role.body.data.id,
    invite: invite.body.data.id,
  };
});
afterAll(() => app.close());

/** A job of the workspace that has ended: what may be retried again and again. */
async function makeJob(): Promise<string> {
  const { jobs } = app.db.tables;
  const { id: workspaceId } = (await app.call("GET", "/workspace")).body.data;
  const by = { actorId: "test", workspaceId, now: app.clock.now() };
  const type = defineJob({ name: "test.gone", args: Type.Object({}), run: async () => {} });
  const row = jobRow(newId("job", by.now), type, {}, by);
  await app.db.transaction(async (tx) => {
    await tx.insert(jobs).values({ ...row, state: "dead", endedAt: by.now });
  });
  return row.id;
}

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
      const { status, body } = await call(key);
      const may = granted(who).includes(permission);
      // What is for people alone refuses a key that may, too, and says so otherwise.
      const lacks = status === 403 && body.message === `This needs the permission ${permission}.`;
      expect([method, path, who, lacks]).toEqual([method, path, who, !may]);
      cells++;
    }
  }
  expect(cells).toBeGreaterThan(400);
});

/** What a route takes that asks for more than a name. */
const bodies: Record<string, object> = {
  "PATCH /api/v1/workspaces/:workspace/members/:member": { role: "viewer" },
  "POST /api/v1/workspaces/:workspace/roles": { name: "x", permissions: ["links:read"] },
  "POST /api/v1/workspaces/:workspace/invites": { email: "x@example.org" },
  "POST /api/v1/workspaces/:workspace/transfer": { userId: "usr_x" },
};
const queries: Record<string, string> = { "DELETE /api/v1/workspaces/:workspace": "?confirm=x" };

test("a foreign thing is answered like a missing one on every route that names things", async () => {
  const key = keys.get("stranger")!;
  for (const { method, path, permission } of app.app.api.routes) {
    if (permission === null || !granted("stranger").includes(permission) || !path.includes(":")) continue;
    const ask = async (id: string) => {
      const target = path
        .replace("/api/v1", "")
        .replace(/:\w+/, id)
        .replace(/:(\w+)/g, (_, name: string) => ours[name]!);
      const { status, body } = await app.call(method, `${target}${queries[`${method} ${path}`] ?? ""}`, {
        key,
        ...(method === "GET" || method === "DELETE" ? {} : { body: bodies[`${method} ${path}`] ?? {} }),
      });
      return [method, path, status, body.error];
    };
    const name = /:(\w+)/.exec(path)![1]!;
    const missing = ours[name]!.replace(/.{4}$/, "zzzz");
    expect(await ask(ours[name]!)).toEqual(await ask(missing));
    expect((await ask(ours[name]!))[2]).toBe(404);
  }
});

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

test("what a key was given is what it has: no later call widens it", async () => {
  const { body } = await app.call("POST", "/keys", {
    body: { name: "narrow", permissions: ["keys:create"] },
  });
  const { id, secret } = body.data;
  const headers = { "x-permissions": "links:read", "x-workspace-id": "ws_00000000000000000000000000" };
  const again = { name: "narrow", permissions: ["links:read"] };
  expect((await app.call("POST", "/keys", { key: secret, body: again, headers })).status).toBe(403);
  for (const method of ["PATCH", "PUT"])
    expect([404, 405]).toContain((await app.call(method, `/keys/${id}`, { body: again })).status);
  expect((await app.call("GET", "/links", { key: secret, headers })).status).toBe(403);
  expect((await app.call("GET", `/keys/${id}`)).body.data.permissions).toEqual(["keys:create"]);
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
