import { afterAll, beforeAll, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import { openMemberships } from "../../../src/features/workspaces/memberships.ts";
import type { Id } from "../../../src/lib/ids.ts";
import type { Person } from "../../../src/platform/context.ts";
import { routeMatcher } from "../../../src/platform/routes.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let acme: { id: Id<"ws">; testId: Id<"ws"> };
beforeAll(async () => {
  app = await testApp({ people: teamPeople });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  acme = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data;
  await enrol(app, acme.id, bob.id, "editor");
});
afterAll(() => app.close());

const destination = { destinationUrl: "https://example.com/" };
const person = ({ id }: TestPerson): Person => ({
  userId: id as Id<"usr">,
  sessionId: null,
  provedAt: null,
  operator: false,
  scopes: null,
});
const member = ({ id }: TestPerson) => `/workspaces/${acme.id}/members/${id}`;

test("a person acts in the workspace that the header names, and without one in none", async () => {
  expect((await bob.call("POST", "/links", destination, acme.id)).status).toBe(201);
  expect((await bob.call("POST", "/links", destination)).status).toBe(403);
  expect((await bob.call("POST", "/links", destination, "acme")).status).toBe(400);
});

test("a workspace of others is answered like one that is not there, wherever it is named", async () => {
  const eve = await makePerson(app, "eve@example.org");
  const missing = acme.id.replace(/.{4}$/, "zzzz");
  const ask = async (id: string, where: "header" | "path") => {
    const answer = await (where === "path"
      ? eve.call("GET", `/workspaces/${id}/members`)
      : eve.call("GET", "/links", undefined, id));
    return [answer.status, answer.body.error];
  };
  for (const where of ["header", "path"] as const) {
    expect(await ask(acme.id, where)).toEqual(await ask(missing, where));
    expect((await ask(acme.id, where))[0]).toBe(404);
  }
  expect((await app.call("GET", `/workspaces/${acme.id}`)).body.error).toEqual(
    (await app.call("GET", `/workspaces/${missing}`)).body.error,
  );
});

test("the path decides against the header, and a key acts in its own workspace whatever a header says", async () => {
  const own = (await bob.call("GET", "/workspaces")).body.data[0].id;
  const seen = await bob.call("GET", `/workspaces/${acme.id}/members`, undefined, own);
  expect(seen.body.data).toHaveLength(2);
  const [mine, named] = await Promise.all([
    app.call("GET", "/workspace"),
    app.call("GET", "/workspace", { headers: { "x-workspace-id": acme.id } }),
  ]);
  expect(named.body.data.id).toBe(mine.body.data.id);
});

test("an operator is no member: running the installation opens no workspace", async () => {
  const operator = (await makePerson(app, "op@example.org")).shown({ operator: true });
  expect((await operator.call("GET", "/links", undefined, acme.id)).status).toBe(404);
  expect((await operator.call("GET", "/installation/workspaces")).status).toBe(200);
  expect((await operator.call("GET", `/workspaces/${acme.id}/members`)).status).toBe(404);
});

test("each id of another workspace that a body, a path or a query can name is refused, and changes nothing", async () => {
  const eve = await makePerson(app, "eve2@example.org");
  const own = (await eve.call("POST", "/workspaces", { name: "Eve" })).body.data.id;
  const base = `/workspaces/${own}`;
  const theirs = {
    domain: (await ada.call("POST", "/domains", { host: "acme.example" }, acme.id)).body.data.id,
    role: (await ada.call("POST", `/workspaces/${acme.id}/roles`, { name: "R", permissions: ["links:read"] }))
      .body.data.id,
    invite: (await ada.call("POST", `/workspaces/${acme.id}/invites`, { email: "z@example.org" })).body.data
      .id,
  };
  const before = (await app.events()).length;
  const tried = new Set<string>();
  for (const [method, path, body, status] of [
    ["PATCH", base, { defaultDomainId: theirs.domain }, 400],
    ["POST", "/links", { ...destination, domain: theirs.domain }, 400],
    ["POST", `${base}/invites`, { email: "q@example.org", role: theirs.role }, 400],
    ["PATCH", `${base}/members/${eve.id}`, { role: theirs.role }, 400],
    ["PATCH", `${base}/roles/${theirs.role}`, { name: "x" }, 404],
    ["DELETE", `${base}/roles/${theirs.role}`, undefined, 404],
    ["GET", `${base}/members/${bob.id}`, undefined, 404],
    ["PATCH", `${base}/members/${bob.id}`, { role: "viewer" }, 404],
    ["DELETE", `${base}/members/${bob.id}`, undefined, 404],
    ["GET", `${base}/invites/${theirs.invite}`, undefined, 404],
    ["POST", `${base}/invites/${theirs.invite}/resend`, undefined, 404],
    ["DELETE", `${base}/invites/${theirs.invite}`, undefined, 404],
    ["POST", `/invites/${theirs.invite}/accept`, undefined, 404],
    ["POST", `/invites/${theirs.invite}/decline`, undefined, 404],
    ["POST", `${base}/transfer`, { userId: bob.id }, 400],
    ["GET", `${base}/transfer`, undefined, 404],
  ] as const) {
    const answer = await eve.call(method, path, body, own);
    expect([method, path, answer.status]).toEqual([method, path, status]);
    for (const name of namesIn(method, `/api/v1${path}`, body ?? {})) tried.add(name);
  }
  expect((await app.events()).length).toBe(before);
  // Nothing was left out: the reference knows every place where an id can stand.
  const { paths } = (await app.call("GET", "/openapi.json")).body;
  expect([...tried].filter((one) => /workspaces|invites/.test(one)).sort()).toEqual(placesOfIds(paths));
});

const isId = (name: string) => /^(member|role|invite|domain)$|Id$/.test(name);

/** Where a request names something but its own workspace: `PATCH /api/v1/workspaces/:workspace/members/:member role`. */
function namesIn(method: string, path: string, body: object): string[] {
  const found = routeMatcher(app.app.api.routes)(method, path);
  if (found.kind !== "route") throw new Error(`${method} ${path} is no route`);
  const inPath = [...found.route.path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  return [...inPath, ...Object.keys(body)]
    .filter(isId)
    .map((name) => `${method} ${found.route.path} ${name}`);
}

/** The same from the reference, for workspaces and what is in them. */
function placesOfIds(paths: Record<string, Record<string, Operation>>): string[] {
  const places = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters = [], requestBody }]) => {
      const body = Object.values(requestBody?.content ?? {})[0]?.schema.properties ?? {};
      const names = [...parameters.map(({ name }) => name), ...Object.keys(body)];
      const route = path.replace(/\{(\w+)\}/g, ":$1");
      return names.filter(isId).map((name) => `${method.toUpperCase()} ${route} ${name}`);
    }),
  );
  return [...new Set(places)].filter((one) => /\/api\/v1\/(workspaces|invites)/.test(one)).sort();
}

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly properties?: object } }>;
  };
}

test("a role that is taken away grants nothing from the next call on, in this process", async () => {
  const may = async () => (await bob.call("POST", "/links", destination, acme.id)).status;
  expect(await may()).toBe(201);
  await ada.call("PATCH", member(bob), { role: "viewer" });
  expect([await may(), (await bob.call("GET", "/links", undefined, acme.id)).status]).toEqual([403, 200]);
  await ada.call("PATCH", member(bob), { role: "editor" });
  expect(await may()).toBe(201);
  await ada.call("DELETE", member(bob));
  expect(await may()).toBe(404);
  await enrol(app, acme.id, bob.id, "editor");
  app.clock.advance(1000);
  expect(await may()).toBe(201);
});

test("a role of one's own is taken away from all who have it by changing the role", async () => {
  const cy = await makePerson(app, "cy@example.org");
  const role = await ada.call("POST", `/workspaces/${acme.id}/roles`, {
    name: "Writers",
    permissions: ["links:create", "links:read"],
  });
  await enrol(app, acme.id, cy.id, role.body.data.id);
  const may = async () => (await cy.call("POST", "/links", destination, acme.id)).status;
  expect(await may()).toBe(201);
  await ada.call("PATCH", `/workspaces/${acme.id}/roles/${role.body.data.id}`, {
    permissions: ["links:read"],
  });
  expect(await may()).toBe(403);
});

test("what one process takes away is refused by the other within a second, at a hundred calls a second to each", async () => {
  const other = await testApp({ beside: app, people: teamPeople });
  const { body } = await ada.call("POST", "/keys", { name: "k" }, acme.id);
  const ask = (from: TestApp, key: string, method = "POST") =>
    from.call(method, "/links/count", { key, headers: { "x-workspace-id": acme.id } });
  const may = async (from: TestApp) =>
    (
      await from.call("POST", "/links", {
        key: bob.key,
        headers: { "x-workspace-id": acme.id },
        body: destination,
      })
    ).status;
  /** What both answer in the second after a change: the first at once, the other half a second later for sure. */
  const second = async (work: () => Promise<unknown>, call: (from: TestApp) => Promise<number>) => {
    for (const one of [app, other]) await call(one);
    await work();
    const seen: [number, number][] = [];
    for (let i = 0; i < 100; i++) {
      seen.push([await call(app), await call(other)]);
      app.clock.advance(10);
    }
    return seen;
  };
  const demoted = await second(() => ada.call("PATCH", member(bob), { role: "viewer" }), may);
  expect(demoted[0]).toEqual([403, 201]);
  expect(demoted.every(([here]) => here === 403)).toBe(true);
  expect(demoted.slice(51)).toEqual(Array(49).fill([403, 403]));
  await ada.call("PATCH", member(bob), { role: "editor" });
  app.clock.advance(1000);
  const removed = await second(() => ada.call("DELETE", member(bob)), may);
  expect(removed.slice(51)).toEqual(Array(49).fill([404, 404]));
  await enrol(app, acme.id, bob.id, "editor");
  const shut = await second(
    () => ada.call("DELETE", `/workspaces/${acme.id}?confirm=Acme`),
    async (from) => (await ask(from, body.data.secret, "GET")).status,
  );
  expect(shut[0]).toEqual([401, 200]);
  expect(shut.slice(51)).toEqual(Array(49).fill([401, 401]));
  await ada.call("POST", `/workspaces/${acme.id}/restore`);
  app.clock.advance(1000);
  await other.close();
}, 30_000);

test("an answer is as old as its question: a slow one does not bring back what was taken away meanwhile", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let slow = true;
  const read = new Proxy(app.db.read, {
    get: (target, name) => {
      const found = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      if (name !== "select" || !slow) return found.bind(target);
      slow = false;
      return (...args: unknown[]) => ({
        from: () => ({
          innerJoin: () => ({
            leftJoin: () => ({
              where: () => ({
                limit: async () => {
                  const rows = [{ role: "editor", granted: null, deletedAt: null }];
                  await held;
                  return rows;
                },
              }),
            }),
          }),
        }),
        args,
      });
    },
  });
  const memberships = openMemberships({
    db: { ...app.db, tables: app.db.tables, read },
    monotonic: app.clock,
  });
  const early = memberships.permissionsOf(person(bob), acme.id);
  await ada.call("PATCH", member(bob), { role: "viewer" });
  memberships.heard({ type: "member.updated" } as never);
  release();
  expect((await early)?.has("links:create")).toBe(true);
  expect((await memberships.permissionsOf(person(bob), acme.id))?.has("links:create")).toBe(false);
});

test("a person may do in the test side what they may do in the live side", async () => {
  await ada.call("PATCH", member(bob), { role: "viewer" });
  expect((await bob.call("POST", "/links", destination, acme.testId)).status).toBe(403);
  await ada.call("PATCH", member(bob), { role: "editor" });
  expect((await bob.call("POST", "/links", destination, acme.testId)).status).toBe(201);
});

test("a token that is limited does what its scopes say, and nothing that is its owner's alone", async () => {
  const limited = ada.shown({ scopes: ["links:read"] });
  expect((await limited.call("GET", "/links", undefined, acme.id)).status).toBe(200);
  expect((await limited.call("POST", "/links", destination, acme.id)).status).toBe(403);
  for (const [method, path, body] of [
    ["GET", "/workspaces", undefined],
    ["POST", "/workspaces", { name: "x" }],
    ["GET", "/invites", undefined],
    ["POST", `/workspaces/${acme.id}/leave`, undefined],
    ["POST", "/invites/accept", { token: "0".repeat(40) }],
  ] as const)
    expect([path, (await limited.call(method, path, body)).status]).toEqual([path, 403]);
});

test("a role that is in nobody's table grants nothing", async () => {
  const { members } = app.db.tables;
  const mine = and(eq(members.workspaceId, acme.id), eq(members.userId, bob.id as Id<"usr">));
  const set = (role: string) =>
    app.db.transaction((tx) =>
      tx
        .update(members)
        .set({ role: role as "viewer" })
        .where(mine),
    );
  await set("role_gone");
  app.clock.advance(1000);
  expect((await bob.call("GET", "/links", undefined, acme.id)).status).toBe(403);
  await set("toString");
  app.clock.advance(1000);
  expect((await bob.call("GET", "/links", undefined, acme.id)).status).toBe(403);
  await set("editor");
  app.clock.advance(1000);
});
