import { afterAll, beforeAll, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import type { Id } from "../../../src/lib/ids.ts";
import { ownersOnly, roles } from "../../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
const people: Record<string, TestPerson> = {};
let id: string;
let base: string;
beforeAll(async () => {
  app = await testApp({ people: teamPeople });
  for (const name of ["owner", "admin", "editor", "viewer"])
    people[name] = await makePerson(app, `${name}@example.org`);
  id = (await people["owner"]!.call("POST", "/workspaces", { name: "Acme" })).body.data.id;
  base = `/workspaces/${id}`;
  for (const name of ["admin", "editor", "viewer"]) await enrol(app, id, people[name]!.id, name);
});
afterAll(() => app.close());

const path = (name: string) => `${base}/members/${people[name]!.id}`;
let count = 0;
async function another(role: string): Promise<TestPerson> {
  const made = await makePerson(app, `other-${count++}@example.org`);
  await enrol(app, id, made.id, role);
  return made;
}

test("members are listed with who they are and what they are, and a walk by cursor meets each once", async () => {
  const all = (await people["viewer"]!.call("GET", `${base}/members`)).body;
  expect(all.data.map(({ role, email }: { role: string; email: string }) => [email, role])).toEqual(
    ["owner", "admin", "editor", "viewer"].map((name) => [`${name}@example.org`, name]),
  );
  expect(all.pagination.total).toBe(4);
  const walked: string[] = [];
  let cursor = "";
  do {
    const { body } = await people["viewer"]!.call("GET", `${base}/members?limit=3${cursor}`);
    walked.push(...body.data.map(({ userId }: { userId: string }) => userId));
    cursor = body.pagination.nextCursor ? `&cursor=${body.pagination.nextCursor}` : "";
  } while (cursor !== "");
  expect(walked).toEqual(all.data.map(({ userId }: { userId: string }) => userId));
  const one = await people["viewer"]!.call("GET", path("editor"));
  expect(one.body.data).toEqual(all.data[2]);
});

test("nobody gives a role that may more than they, nor touches who may more", async () => {
  const admin = people["admin"]!;
  const other = await another("viewer");
  const theirs = `${base}/members/${other.id}`;
  for (const [method, at, body, status] of [
    ["PATCH", theirs, { role: "owner" }, 403],
    ["PATCH", theirs, { role: "admin" }, 200],
    ["PATCH", path("admin"), { role: "owner" }, 403],
    ["PATCH", path("owner"), { role: "viewer" }, 403],
    ["DELETE", path("owner"), undefined, 403],
    ["POST", `${base}/invites`, { email: "new@example.org", role: "owner" }, 403],
    ["PATCH", theirs, { role: "king" }, 400],
    ["PATCH", theirs, { role: `role_${"0".repeat(26)}` }, 400],
    ["PATCH", theirs, { role: "viewer", userId: "usr_x" }, 400],
  ] as const)
    expect([method, body, (await admin.call(method, at, body)).status]).toEqual([method, body, status]);
  for (const name of ["editor", "viewer"])
    for (const [method, at, body] of [
      ["PATCH", theirs, { role: "viewer" }],
      ["DELETE", theirs, undefined],
      ["POST", `${base}/roles`, { name: "r", permissions: ["links:read"] }],
      ["POST", `${base}/invites`, { email: "new@example.org" }],
      ["DELETE", `${base}?confirm=Acme`, undefined],
      ["POST", `${base}/transfer`, { userId: other.id }],
    ] as const)
      expect([name, method, at, (await people[name]!.call(method, at, body)).status]).toEqual([
        name,
        method,
        at,
        403,
      ]);
  expect((await admin.call("DELETE", theirs)).status).toBe(200);
});

test("a key changes members only as far as its own scopes reach", async () => {
  const key = async (permissions: readonly string[]) =>
    (await people["owner"]!.call("POST", "/keys", { name: "k", permissions }, id)).body.data.secret;
  const other = await another("viewer");
  const ask = (secret: string, role: string) =>
    app.call("PATCH", `${base}/members/${other.id}`, { key: secret, body: { role } });
  expect((await ask(await key(["members:update"]), "editor")).status).toBe(403);
  expect((await ask(await key(roles.admin), "editor")).status).toBe(200);
  expect((await ask(await key(roles.admin), "owner")).status).toBe(403);
  expect((await ask(await key(["members:read"]), "viewer")).status).toBe(403);
});

test("a change of role says what was, in its event; one that changes nothing has none", async () => {
  const other = await another("viewer");
  const events = async () => {
    const rows = await app.db.read.select().from(app.db.tables.events);
    return rows.filter(({ subjectId }) => subjectId === other.id);
  };
  for (const role of ["editor", "editor"])
    await people["owner"]!.call("PATCH", `${base}/members/${other.id}`, { role });
  const told = (await events()).filter(({ type }) => type === "member.updated");
  expect(told).toHaveLength(1);
  expect(told[0]!.data).toMatchObject({ role: "editor", previous: { role: "viewer" } });
  expect(told[0]!.workspaceId as string).toBe(id);
});

test("roles of one's own hold what they say, are named once, and grant neither the owners' rights nor more than their maker has", async () => {
  const owner = people["owner"]!;
  const make = (body: unknown, by = owner) => by.call("POST", `${base}/roles`, body);
  const made = await make({ name: " Interns ", permissions: ["links:read", "analytics:read"] });
  expect([made.status, made.body.data.name, made.body.data.permissions]).toEqual([
    201,
    "Interns",
    ["links:read", "analytics:read"],
  ]);
  expect((await make({ name: "INTERNS", permissions: ["links:read"] })).status).toBe(409);
  for (const permission of [...ownersOnly, "installation:read", "nobody:knows"])
    expect([permission, (await make({ name: "x", permissions: [permission] })).status]).toEqual([
      permission,
      400,
    ]);
  expect((await make({ name: "x", permissions: [] })).status).toBe(400);
  const narrow = await another(
    (await make({ name: "Wardens", permissions: ["members:read", "members:update", "links:read"] })).body.data
      .id,
  );
  expect((await make({ name: "y", permissions: ["links:create"] }, narrow)).status).toBe(403);
  expect((await make({ name: "y", permissions: ["links:read"] }, narrow)).status).toBe(201);
  // Nor do they widen or narrow a role above them.
  const role = `${base}/roles/${made.body.data.id}`;
  expect((await narrow.call("PATCH", role, { permissions: ["links:read"] })).status).toBe(403);
  expect((await owner.call("PATCH", role, { name: "Trainees" })).body.data.name).toBe("Trainees");
  const all = (await owner.call("GET", `${base}/roles`)).body.data;
  expect(all.slice(0, 4).map((one: { id: string }) => one.id)).toEqual([
    "owner",
    "admin",
    "editor",
    "viewer",
  ]);
  expect(all.find((one: { name: string }) => one.name === "Wardens").members).toBe(1);
});

test("a role that somebody has, or is invited with, is not deleted", async () => {
  const owner = people["owner"]!;
  const role = (await owner.call("POST", `${base}/roles`, { name: "Used", permissions: ["links:read"] })).body
    .data.id;
  const other = await another(role);
  expect((await owner.call("DELETE", `${base}/roles/${role}`)).status).toBe(409);
  expect((await other.call("POST", `${base}/leave`)).status).toBe(200);
  const invite = await owner.call("POST", `${base}/invites`, { email: "used@example.org", role });
  expect((await owner.call("DELETE", `${base}/roles/${role}`)).body.message).toContain("1 invitation(s)");
  await owner.call("DELETE", `${base}/invites/${invite.body.data.id}`);
  expect((await owner.call("DELETE", `${base}/roles/${role}`)).status).toBe(200);
  expect((await owner.call("DELETE", `${base}/roles/${role}`)).status).toBe(404);
});

test("the last owner is neither demoted nor removed, and cannot leave", async () => {
  const owner = people["owner"]!;
  expect((await owner.call("PATCH", path("owner"), { role: "admin" })).status).toBe(409);
  expect((await owner.call("DELETE", path("owner"))).status).toBe(409);
  expect((await owner.call("POST", `${base}/leave`)).status).toBe(409);
  const second = await another("owner");
  // One whose account was closed is no owner to leave it to.
  await app.operate("POST", `/users/${second.id}/disable`);
  expect((await owner.call("POST", `${base}/leave`)).status).toBe(409);
  await app.operate("POST", `/users/${second.id}/enable`);
  expect((await second.call("DELETE", path("owner"))).status).toBe(200);
  expect((await second.call("POST", `${base}/leave`)).status).toBe(409);
  await enrol(app, id, owner.id, "owner");
  app.clock.advance(1000);
  expect((await second.call("POST", `${base}/leave`)).status).toBe(200);
});

test("of a hundred owners who go at once, by every way there is, one stays; each round", async () => {
  const rounds = process.env["TEST_DATABASE"] === "postgres" ? 5 : 100;
  const owners = await Promise.all(
    Array.from({ length: 10 }, (_, i) => makePerson(app, `r-${i}@example.org`)),
  );
  const made = await owners[0]!.call("POST", "/workspaces", { name: "Race" });
  const at = `/workspaces/${made.body.data.id}`;
  for (let round = 0; round < rounds; round++) {
    const there = (await app.operate("GET", `${at}/members`)).body.data as { userId: string; role: string }[];
    for (const { id: userId } of owners) {
      const known = there.find((one) => one.userId === userId);
      if (!known) await enrol(app, made.body.data.id, userId, "owner");
      else await app.operate("PATCH", `${at}/members/${userId}`, { role: "owner" });
    }
    app.clock.advance(1000);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const [who, whom] = [owners[i % 10]!, owners[(i * 7 + 3) % 10]!];
        if (i % 3 === 0) return who.call("POST", `${at}/leave`);
        if (i % 3 === 1) return who.call("DELETE", `${at}/members/${whom.id}`);
        return who.call("PATCH", `${at}/members/${whom.id}`, { role: "viewer" });
      }),
    );
    for (const { status } of answers) expect([200, 403, 404, 409]).toContain(status);
    const left = (await app.operate("GET", `${at}/members`)).body.data as { role: string }[];
    expect(left.filter(({ role }) => role === "owner").length).toBeGreaterThanOrEqual(1);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
  }
}, 120_000);

test("the race would be lost by counting first and deleting then: the trial can tell", async () => {
  const pair = await Promise.all([0, 1].map((i) => makePerson(app, `naive-${i}@example.org`)));
  const made = (await pair[0]!.call("POST", "/workspaces", { name: "Naive" })).body.data.id;
  await enrol(app, made, pair[1]!.id, "owner");
  const { members } = app.db.tables;
  const owners = and(eq(members.workspaceId, made), eq(members.role, "owner"));
  await Promise.all(
    pair.map(async ({ id: userId }) => {
      if ((await app.db.read.$count(members, owners)) < 2) return;
      await app.db.transaction((tx) =>
        tx.delete(members).where(and(owners, eq(members.userId, userId as Id<"usr">))),
      );
    }),
  );
  expect(await app.db.read.$count(members, owners)).toBe(0);
});

test("a member who leaves sees the workspace no more; who was never in it cannot leave", async () => {
  const other = await another("viewer");
  expect((await other.call("POST", `${base}/leave`)).status).toBe(200);
  expect((await other.call("GET", base)).status).toBe(404);
  expect((await other.call("POST", `${base}/leave`)).status).toBe(404);
  expect((await app.events()).at(-1)).toBe("member.left");
});
