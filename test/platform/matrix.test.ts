import { afterAll, beforeAll, expect, test } from "bun:test";
import { newApiKey } from "../../src/lib/secrets.ts";
import type { Actor } from "../../src/platform/context.ts";
import { operatorPermissions, type Permission, type Role, roles } from "../../src/platform/permissions.ts";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import {
  type Api,
  installationMakers,
  makers,
  type Operation,
  readApi,
  surprises,
  validBody,
  validQuery,
} from "../support/operations.ts";

/** Somebody who asks, and what they may. */
interface Identity {
  readonly name: string;
  /** Null for whoever is not known: everything is 401. */
  readonly granted: ReadonlySet<string> | null;
  /** Sees what belongs to any workspace, where it may be seen without one. */
  readonly everywhere?: boolean;
  readonly inOtherWorkspace?: boolean;
  ask(method: string, path: string, body: unknown): Promise<Answer>;
}

let app: TestApp;
let api: Api;
let stranger: string;
const identities: Identity[] = [];

beforeAll(async () => {
  app = await testApp();
  api = await readApi(app);
  stranger = await app.stranger();
  const byKey = (
    name: string,
    key: string | null,
    granted: readonly string[] | null,
    more: Partial<Identity> = {},
  ) => {
    identities.push({
      name,
      granted: granted && new Set(granted),
      ask: (method, path, body) => app.call(method, path, { key, ...(body === undefined ? {} : { body }) }),
      ...more,
    });
  };
  const newKey = async (body: object) => (await app.call("POST", "/keys", { body })).body.data;
  const role = (name: Role) => app.keyOf(name);

  byKey("nobody", null, null);
  byKey("garbage", "garbage", null);
  byKey("a key that was never made", newApiKey("live"), null);
  byKey("a mistyped key", `${(await role("owner")).slice(0, -1)}_`, null);
  const revoked = await newKey({ name: "revoked", role: "owner" });
  await app.call("DELETE", `/keys/${revoked.id}`);
  byKey("a revoked key", revoked.secret, null);
  const expired = await newKey({ name: "expired", role: "owner", expiresAt: "2026-03-10T13:00:00Z" });
  app.clock.advance(3_600_000);
  byKey("an expired key", expired.secret, null);
  for (const name of Object.keys(roles) as Role[]) byKey(name, await role(name), roles[name]);
  for (const scope of roles.owner)
    byKey(`only ${scope}`, (await newKey({ name: scope, permissions: [scope] })).secret, [scope]);
  byKey("a key that may nothing", (await newKey({ name: "nothing", permissions: [] })).secret, []);
  byKey("another workspace's owner", stranger, roles.owner, { inOtherWorkspace: true });
  const operator = await app.operate("POST", "/installation/keys", { name: "operator" });
  byKey("operator", operator.body.data.secret, operatorPermissions, { everywhere: true });
  for (const name of Object.keys(roles) as Role[]) identities.push(await person(name));
  await app.operate("POST", "/mail/suppressions", { address: "ada@example.com" });
}, 30_000);
afterAll(() => app.close());

/** A member of the workspace, as they come from whoever knows people. */
async function person(role: Role): Promise<Identity> {
  const workspace = (await app.call("GET", "/workspace")).body.data.id;
  const userId = `usr_${"0".repeat(20)}${role.padEnd(6, "0").slice(0, 6)}` as const;
  const actor = (): Actor => ({
    kind: "user",
    id: userId,
    workspaceId: workspace,
    permissions: new Set<Permission>(roles[role]),
    person: { userId, sessionId: null, provedAt: app.clock.now(), operator: false, scopes: null },
    application: null,
  });
  return {
    name: `a person, ${role}`,
    granted: new Set(roles[role]),
    async ask(method, path, body) {
      const request = new Request(`http://links.test/api/v1${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const response = await app.app.api.fetchAs(request, actor());
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: response.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : null,
      };
    },
  };
}

/** What is not done although it may be: the world is not so. */
const otherwise: Readonly<Record<string, number>> = { resendMail: 409 };

async function make(operation: Operation, key: string): Promise<string> {
  const ofInstallation = operation.path.startsWith("/installation/");
  const maker = ofInstallation ? installationMakers[operation.named!] : makers[operation.named!];
  if (!maker)
    throw new Error(`who makes a ${operation.named} for ${operation.id}? test/support/operations.ts`);
  return maker(app, key);
}

/** Something of another workspace that the path could name by mistake. */
const foreign = (operation: Operation, key: string): Promise<string> =>
  (makers[operation.named!] ?? (async () => "zzzzzzzz"))(app, key);

const asked = (identity: Identity, operation: Operation, id: string) =>
  identity.ask(
    operation.method,
    operation.path.replace(/\{\w+\}/, encodeURIComponent(id)) + validQuery(api, operation),
    validBody(api, operation),
  );

/** Whose the thing is that a call names: the caller's, another's, nobody's; or it names none. */
type Whose = "theirs" | "another's" | "nowhere" | "none";

/** One place of the matrix, and what is wrong with it; null when it is as it must be. */
interface Cell {
  readonly identity: Identity;
  readonly operation: Operation;
  readonly whose: Whose;
}
interface Things {
  readonly ours: string;
  readonly strangers: string;
}

/** Whether the caller finds the thing, may they do it or not. */
const exists = ({ identity, operation, whose }: Cell): boolean =>
  whose === "none" ||
  whose === "theirs" ||
  (whose === "another's" && identity.everywhere === true && !operation.path.startsWith("/installation/"));

/** What is done to a thing is done to one of its own, so that every cell finds it as it must be. */
async function idFor(cell: Cell, { ours, strangers }: Things): Promise<string> {
  const { identity, operation, whose } = cell;
  if (whose === "none") return "";
  if (whose === "nowhere") return ours.replace(/.{4}$/, "zzzz");
  const may = identity.granted?.has(operation.permission!) ?? false;
  const key = identity.inOtherWorkspace ? stranger : app.owner;
  if (may && exists(cell) && (operation.method !== "GET" || identity.inOtherWorkspace))
    return make(operation, key);
  return (whose === "theirs") === (identity.inOtherWorkspace !== true) ? ours : strangers;
}

function isRight(cell: Cell, { status }: Answer): boolean {
  const { granted } = cell.identity;
  if (granted === null) return status === 401;
  if (!granted.has(cell.operation.permission!)) return status === 403;
  if (!exists(cell)) return status === 404;
  const wanted = otherwise[cell.operation.id];
  return wanted ? status === wanted : status >= 200 && status < 300;
}

/** What an answer tells beyond its schema. */
function undocumented({ operation }: Cell, { status, body }: Answer): string[] {
  const schema = operation.answers[status];
  return status < 300 && schema && body ? surprises(api, schema, body) : [];
}

const nameOf = ({ identity, operation, whose }: Cell): string =>
  `${operation.method} ${operation.path} by ${identity.name}, ${whose}`;

/** All places of one caller at one operation. What is another's must look like what is nowhere. */
async function wrongAt(identity: Identity, operation: Operation, things: Things, count: () => void) {
  const wrong: string[] = [];
  const unfound = new Set<string>();
  for (const whose of operation.named ? (["theirs", "another's", "nowhere"] as const) : (["none"] as const)) {
    const cell = { identity, operation, whose };
    const answer = await asked(identity, operation, await idFor(cell, things));
    count();
    if (!isRight(cell, answer)) wrong.push(`${nameOf(cell)}: ${answer.status} ${answer.body?.message ?? ""}`);
    if (
      answer.headers.get("cache-control") !== "no-store" ||
      answer.headers.get("x-content-type-options") !== "nosniff"
    )
      wrong.push(`${nameOf(cell)} may be kept or guessed at`);
    wrong.push(...undocumented(cell, answer).map((field) => `${nameOf(cell)} tells ${field}`));
    if (!exists(cell)) unfound.add(JSON.stringify([answer.status, answer.body?.error]));
  }
  if (unfound.size > 1)
    wrong.push(`${operation.id} tells ${identity.name} what is another's: ${[...unfound]}`);
  return wrong;
}

test("every operation is answered as it must be, whoever asks, about what is theirs, another's, or nowhere", async () => {
  let cells = 0;
  const wrong: string[] = [];
  const guarded = api.operations.filter(({ permission }) => permission !== null);
  for (const operation of guarded) {
    const things = operation.named
      ? { ours: await make(operation, app.owner), strangers: await foreign(operation, stranger) }
      : { ours: "", strangers: "" };
    for (const identity of identities)
      wrong.push(...(await wrongAt(identity, operation, things, () => cells++)));
  }
  expect(wrong).toEqual([]);
  const least = identities.length * (guarded.length + 2 * guarded.filter(({ named }) => named).length);
  expect(cells).toBe(least);
  expect(cells).toBeGreaterThan(1500);
}, 180_000);

test("what was tried on another workspace has left nothing there", async () => {
  const links = await app.call("GET", "/links?limit=100&archived=any", { key: stranger });
  const events = await app.db.read.select().from(app.db.tables.events);
  const actors = new Set(
    events
      .filter(({ workspaceId }) => workspaceId === `ws_${"0".repeat(20)}strngr`)
      .map(({ actorId }) => actorId),
  );
  const own = (await app.call("GET", "/keys?limit=100", { key: stranger })).body.data.map(
    ({ id }: { id: string }) => id,
  );
  expect(links.status).toBe(200);
  expect([...actors].filter((id) => id !== "test" && id !== "system" && !own.includes(id))).toEqual([]);
});

test("the controls: whoever may more than they should, sees another's things, or is told too much, is found", async () => {
  const owner = identities.find(({ name }) => name === "owner")!;
  const operation = api.operations.find(({ id }) => id === "getLink")!;
  const things = { ours: await make(operation, app.owner), strangers: await foreign(operation, stranger) };
  const found = async (lie: Partial<Identity>) =>
    (await wrongAt({ ...owner, ...lie }, operation, things, () => {})).length;
  expect(await found({})).toBe(0);
  expect(await found({ granted: null })).toBe(3);
  expect(await found({ granted: new Set() })).toBe(3);
  expect(await wrongAt(owner, operation, { ...things, strangers: things.ours }, () => {})).toEqual([
    "GET /links/{link} by owner, another's: 200 Link",
    expect.stringContaining("getLink tells owner what is another's"),
  ]);
  const schema = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
  expect(surprises(api, schema, { id: "x", hash: "y" })).toEqual(["/hash"]);
  expect(surprises(api, schema, {})).toEqual(["/id is missing"]);
  expect(surprises(api, { type: "array", items: schema }, [{ id: 1 }])).toEqual(["/0/id is no string"]);
});
