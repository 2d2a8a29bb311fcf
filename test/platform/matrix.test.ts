import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Id } from "../../src/lib/ids.ts";
import { newApiKey } from "../../src/lib/secrets.ts";
import type { Actor } from "../../src/platform/context.ts";
import { operatorPermissions, type Permission, type Role, roles } from "../../src/platform/permissions.ts";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import {
  endings,
  lacks,
  notThere,
  nowhere,
  peopleAlone,
  personalOperations,
  placesOf,
  seenOfAnothers,
  shared,
  undocumented,
  type Whose,
  wrongOfOwn,
} from "../support/matrix.ts";
import {
  type Api,
  addressOf,
  installationMakers,
  isOperators,
  isPersonal,
  makers,
  newPerson,
  type Operation,
  PIXEL,
  personalMakers,
  readApi,
  surprises,
  validBody,
  validQuery,
} from "../support/operations.ts";
import type { TestPerson } from "../support/people.ts";
import { enrol } from "../support/team.ts";
import { addPerson } from "../support/test-people.ts";

/** Somebody who asks, and what they may. */
interface Identity {
  readonly name: string;
  /** Null for whoever is let in nowhere. */
  readonly granted: ReadonlySet<string> | null;
  /** How whoever is let in nowhere is answered: 401, or 404 for a person in a workspace that is not theirs. */
  readonly turnedAway?: 401 | 404;
  /** Sees what belongs to any workspace, where it may be seen without one. */
  readonly everywhere?: boolean;
  /** Where they are, unless it is the owner's workspace: a key that makes what is theirs there, and its id. */
  readonly home?: { readonly key: string; readonly id: string };
  /** Somebody who has signed in, as a member of the workspace. */
  readonly isPerson?: boolean;
  /** Is in one workspace by membership: of others nothing is told, not even what is lacking. */
  readonly isMember?: boolean;
  ask(method: string, path: string, body: unknown): Promise<Answer>;
}

let app: TestApp;
let api: Api;
let stranger: string;
let successor: string;
/** Where links are given away to: all people here may make links there. */
let target: string;
/** Of the owner's key, and of the stranger's. */
const workspaces = { own: "", other: "" };
const identities: Identity[] = [];

beforeAll(async () => {
  // Whatever hour the clock is moved to, whoever has signed in has done so.
  app = await testApp({
    env: { WAYPOST_ACCESS_TOKEN_LIFE: "30d", WAYPOST_INVITES_PER_HOUR: "1000" },
  });
  api = await readApi(app);
  stranger = await app.stranger();
  workspaces.own = (await app.call("GET", "/workspace")).body.data.id;
  workspaces.other = (await app.call("GET", "/workspace", { key: stranger })).body.data.id;
  successor = await addPerson(app, { role: "viewer", workspaceId: workspaces.own });
  target = await makers["workspace"]!(app, app.owner, { id: "deleteWorkspace", permission: null });
  const byKey: ByKey = (name, key, granted, more = {}, headers = {}) => {
    identities.push({
      name,
      granted: granted && new Set(granted),
      ask: (method, path, body) =>
        app.call(method, path, { key, headers, ...(body === undefined ? {} : { body }) }),
      ...more,
    });
  };
  const old = await signedUp();
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
  // Longer than an access token lives.
  app.clock.advance(31 * 86_400_000);
  byKey("an expired key", expired.secret, null);
  byKey("an expired access token", old.accessToken, null);
  for (const name of Object.keys(roles) as Role[]) byKey(name, await role(name), roles[name]);
  for (const scope of roles.owner)
    byKey(`only ${scope}`, (await newKey({ name: scope, permissions: [scope] })).secret, [scope]);
  byKey("a key that may nothing", (await newKey({ name: "nothing", permissions: [] })).secret, []);
  byKey("another workspace's owner", stranger, roles.owner, {
    home: { key: stranger, id: workspaces.other },
  });
  const operator = await app.operate("POST", "/installation/keys", { name: "operator" });
  byKey("operator", operator.body.data.secret, operatorPermissions, { everywhere: true });
  for (const name of Object.keys(roles) as Role[]) identities.push(await person(name));
  await addProgramsOfOtherKinds(byKey);
  await addPeopleTurnedAway(byKey);
  await app.operate("POST", "/mail/suppressions", { address: "ada@example.com" });
}, 120_000);
afterAll(() => app.close());

type ByKey = (
  name: string,
  key: string | null,
  granted: readonly string[] | null,
  more?: Partial<Identity>,
  headers?: Record<string, string>,
) => void;

/** Keys that are no plain secret of the live side. */
async function addProgramsOfOtherKinds(byKey: ByKey): Promise<void> {
  const make = async (body: object) =>
    (await app.call("POST", "/keys", { body: { name: "k", ...body } })).body.data;
  const origins = ["https://shop.example.com"];
  const publishable = (await make({ kind: "publishable", origins })).secret;
  const page = { origin: origins[0]! };
  byKey("a publishable key, from its page", publishable, ["track:create"], {}, page);
  const extension = (await app.call("POST", "/extensions", { body: { name: "E", appId: "matrix" } })).body
    .data;
  const permissions = ["links:read", "links:create"];
  const credential = await make({ kind: "extension", extension: extension.id, permissions });
  byKey(
    "an extension",
    null,
    permissions,
    {},
    {
      "x-waypost-token-id": credential.id,
      "x-waypost-token-secret": credential.secret,
      "x-waypost-app": "matrix",
    },
  );
  const member = await signedUp("admin");
  const token = await member.call("POST", "/user/tokens", {
    name: "t",
    permissions: ["links:read", "jobs:read"],
  });
  const inOwn = { "x-workspace-id": workspaces.own };
  byKey(
    "a personal token with two scopes",
    token.body.data.secret,
    ["links:read", "jobs:read"],
    { isMember: true },
    inOwn,
  );
}

/** Those who could come in once, or can elsewhere. */
async function addPeopleTurnedAway(byKey: ByKey): Promise<void> {
  const inOwn = { "x-workspace-id": workspaces.own };
  const tokenOf = async (them: TestPerson) =>
    (await them.call("POST", "/user/tokens", { name: "t" })).body.data.secret;
  const keyOf = async (them: TestPerson) =>
    (await them.call("POST", "/keys", { name: "k", role: "editor" }, inOwn)).body.data.secret;
  const signedOut = await signedUp("owner");
  await signedOut.call("POST", "/auth/signout");
  byKey("whoever has signed out", signedOut.accessToken, null, {}, inOwn);

  const disabled = await signedUp("owner");
  const disabledToken = await tokenOf(disabled);
  const disabledKey = await keyOf(disabled);
  await app.operate("POST", `/users/${disabled.id}/disable`);
  byKey("a disabled account", disabled.accessToken, null, {}, inOwn);
  byKey("a disabled account, by its token", disabledToken, null, {}, inOwn);
  byKey("a key that a disabled account made", disabledKey, null);

  const left = await signedUp("admin");
  const leftToken = await tokenOf(left);
  const leftKey = await keyOf(left);
  await left.call("POST", `/workspaces/${workspaces.own}/leave`);
  byKey("an ex-member", left.accessToken, null, { turnedAway: 404 }, inOwn);
  byKey("an ex-member, by their token", leftToken, null, { turnedAway: 404 }, inOwn);
  byKey("a key that an ex-member made", leftKey, null);

  // Of the personal one that came with the account.
  const other = await signedUp();
  byKey("another workspace's owner, in person", other.accessToken, null, { turnedAway: 404 }, inOwn);
}

/** An account with a session, and a member where a role is named. */
async function signedUp(role?: Role): Promise<TestPerson> {
  const them = await newPerson(app);
  if (role) await enrol(app, workspaces.own, them.id, role);
  return them;
}

/** A member of the workspace, with a proof of this moment. */
async function person(role: Role): Promise<Identity> {
  const userId = await addPerson(app, { role, workspaceId: workspaces.own });
  await enrol(app, target, userId, "admin");
  const actorAt = (path: string): Actor => ({
    kind: "user",
    id: userId,
    // Whoever may delete a workspace, or has, is asked in that one.
    workspaceId: (ended.has(namedIn(path)) ? namedIn(path) : workspaces.own) as Id<"ws">,
    permissions: new Set<Permission>(roles[role]),
    person: { userId, sessionId: null, provedAt: app.clock.now(), operator: false, scopes: null },
    application: null,
  });
  return {
    name: `a person, ${role}`,
    granted: new Set(roles[role]),
    isPerson: true,
    async ask(method, path, body) {
      const request = new Request(`http://links.test/api/v1${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const response = await app.app.api.fetchAs(request, actorAt(path));
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

const namedIn = (path: string): string => /^\/workspaces\/(\w+)/.exec(path)?.[1] ?? "";
/** Workspaces that were made to be deleted or restored. */
const ended = new Set<string>();

/** What is not done although it may be: the world is not so. */
const otherwise: Readonly<Record<string, number>> = {
  ...notThere,
  resendMail: 409,
  cancelImport: 409,
};
/** What must have been done before, with that key, for there to be anything. */
const before: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  getQrLogo: (key) => app.call("PUT", "/qr/logo", { key, body: { image: PIXEL } }),
  deleteQrLogo: (key) => app.call("PUT", "/qr/logo", { key, body: { image: PIXEL } }),
};
/** Pictures: whoever was shown one may keep it for a while, for themselves. */
const keepable = new Set(["getQr", "getLinkQr", "getQrSheet"]);
const mayBeKept = ({ id }: Operation, { status, headers }: Answer): boolean =>
  headers.get("cache-control") !==
  (keepable.has(id) && status === 200 ? "private, max-age=60, must-revalidate" : "no-store");
/** What live and test sides have in common, and a test key may look at. */
const readable = new Set(["getDomain", "getDomainFiles"]);
/** Reaches into workspaces although it is done to the installation: an operator's word on any key. */
const farReaching = new Set(["setKeyTier"]);

async function make(operation: Operation, key: string): Promise<string> {
  const { named, path } = operation;
  // Whoever is asked here may not do it, whatever it is done to.
  if (isPersonal(operation) && named !== "workspace") return `${named}_${"0".repeat(26)}`;
  const ofInstallation = path.startsWith("/installation/");
  const maker = (ofInstallation ? installationMakers[named!] : undefined) ?? makers[named!];
  if (!maker) throw new Error(`who makes a ${named} for ${operation.id}? test/support/operations.ts`);
  const id = await maker(app, key, operation);
  if (id.startsWith("ws_") && id !== workspaces.own && id !== workspaces.other) ended.add(id);
  return id;
}

/** Something of another workspace that the path could name by mistake. */
const foreign = (operation: Operation, key: string): Promise<string> =>
  isPersonal(operation)
    ? make(operation, key)
    : (makers[operation.named!] ?? (async () => "zzzzzzzz"))(app, key, operation);

/** Bodies that name something of the workspace; whoever asks is strong enough for it. */
async function bodyOf(operation: Operation, key: string): Promise<Record<string, unknown> | undefined> {
  const body = validBody(api, operation);
  if (operation.id === "mergeTag") return { ...body, into: await makers["tag"]!(app, key, operation) };
  if (operation.id === "transferDomain") return { ...body, workspaceId: target };
  if (operation.id === "transferLink") return { ...body, workspaceId: target, domain: "links.test" };
  if (operation.id === "offerTransfer") return { ...body, userId: successor };
  if (operation.id === "createRule") return { ...body, linkId: await makers["link"]!(app, key, operation) };
  if (operation.id !== "updateMember" && operation.id !== "createInvite") return body;
  return { ...body, role: await makers["role"]!(app, key, operation) };
}

async function asked({ identity, operation, whose }: Cell, id: string): Promise<Answer> {
  const own = identity.home?.id ?? workspaces.own;
  const other = own === workspaces.other ? workspaces.own : workspaces.other;
  const places: Partial<Record<Whose, string>> = { "in another's": other, "in no workspace": nowhere(own) };
  const address = addressOf(operation, id, places[whose] ?? own);
  const may = identity.granted?.has(operation.permission!) ?? false;
  const key = identity.home?.key ?? app.owner;
  const body = may ? await bodyOf(operation, key) : validBody(api, operation);
  if (may) await before[operation.id]?.(key);
  return identity.ask(operation.method, address + validQuery(api, operation), body);
}

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
const exists = ({ identity, operation: { id, named, path }, whose }: Cell): boolean =>
  identity.turnedAway !== 404 &&
  (whose === "none" ||
    whose === "theirs" ||
    (whose === "another's" &&
      (shared.has(named!) ||
        farReaching.has(id) ||
        (identity.everywhere === true && !path.startsWith("/installation/")))));

/** What is done to a thing is done to one of its own, so that every cell finds it as it must be. */
async function idFor(cell: Cell, { ours, strangers }: Things): Promise<string> {
  const { identity, operation, whose } = cell;
  if (whose === "none") return "";
  if (whose === "nowhere") return nowhere(ours);
  const may = identity.granted?.has(operation.permission!) ?? false;
  const key = identity.home?.key ?? app.owner;
  const acts = may && !(peopleAlone.has(operation.id) && !identity.isPerson);
  if (acts && exists(cell) && (operation.method !== "GET" || identity.home)) return make(operation, key);
  return (whose === "theirs") === (identity.home?.id !== workspaces.other) ? ours : strangers;
}

const namesForeignWorkspace = ({ operation, whose }: Cell): boolean =>
  whose.startsWith("in ") || (operation.named === "workspace" && whose !== "theirs");

function isRight(cell: Cell, answer: Answer): boolean {
  const { status } = answer;
  const { granted, isPerson, isMember, turnedAway = 401 } = cell.identity;
  if (granted === null) return status === turnedAway;
  if (isMember && namesForeignWorkspace(cell)) return status === 404;
  if (!granted.has(cell.operation.permission!)) return lacks(cell.operation, answer);
  if (!exists(cell)) return status === 404;
  if (peopleAlone.has(cell.operation.id) && !isPerson)
    return status === 403 && !lacks(cell.operation, answer);
  // Whoever made it is asked about their own.
  const isOwn = cell.operation.named === "view" && cell.identity.home !== undefined;
  const wanted = isOwn ? undefined : otherwise[cell.operation.id];
  return wanted ? status === wanted : status >= 200 && status < 300;
}

const nameOf = ({ identity, operation, whose }: Cell): string =>
  `${operation.method} ${operation.path} by ${identity.name}, ${whose}`;

/** All places of one caller at one operation. What is another's must look like what is nowhere. */
async function wrongAt(identity: Identity, operation: Operation, things: Things, count: () => void) {
  const wrong: string[] = [];
  /** How what is not found looks: things, and workspaces. */
  const unfound = { things: new Set<string>(), workspaces: new Set<string>() };
  for (const whose of placesOf(operation)) {
    const cell = { identity, operation, whose };
    const answer = await asked(cell, await idFor(cell, things));
    count();
    if (!isRight(cell, answer)) wrong.push(`${nameOf(cell)}: ${answer.status} ${answer.body?.message ?? ""}`);
    if (mayBeKept(operation, answer) || answer.headers.get("x-content-type-options") !== "nosniff")
      wrong.push(`${nameOf(cell)} may be kept or guessed at`);
    wrong.push(...undocumented(api, operation, answer).map((field) => `${nameOf(cell)} tells ${field}`));
    if (!exists(cell))
      unfound[whose.startsWith("in ") ? "workspaces" : "things"].add(
        JSON.stringify([answer.status, answer.body?.error]),
      );
  }
  for (const looks of Object.values(unfound))
    if (looks.size > 1) wrong.push(`${operation.id} tells ${identity.name} what is another's: ${[...looks]}`);
  return wrong;
}

async function thingsOf(operation: Operation): Promise<Things> {
  if (operation.named === null) return { ours: "", strangers: "" };
  if (operation.named === "workspace") return { ours: workspaces.own, strangers: workspaces.other };
  return { ours: await make(operation, app.owner), strangers: await foreign(operation, stranger) };
}

test("every operation is answered as it must be, whoever asks, about what is theirs, another's, or nowhere", async () => {
  let cells = 0;
  const wrong: string[] = [];
  const guarded = api.operations.filter(({ permission }) => permission !== null);
  for (const operation of guarded) {
    const things = await thingsOf(operation);
    for (const identity of identities)
      wrong.push(...(await wrongAt(identity, operation, things, () => cells++)));
  }
  expect(wrong).toEqual([]);
  const each = guarded.reduce((sum, operation) => sum + placesOf(operation).length, 0);
  expect(cells).toBe(identities.length * each);
  expect(cells).toBeGreaterThan(10_000);
}, 400_000);

test("whoever has signed in does what is theirs, and what is another's looks like what is nowhere", async () => {
  const personal = personalOperations(api);
  expect(personal.length).toBeGreaterThan(30);
  const wrong: string[] = [];
  const another = await newPerson(app);
  let them = await newPerson(app);
  for (const operation of personal) {
    const { id, named } = operation;
    const maker = named === null ? async () => "" : personalMakers[named];
    if (!maker) throw new Error(`who makes a ${named} for ${id}? test/support/operations.ts`);
    if (named !== null)
      wrong.push(...(await seenOfAnothers(api, them, operation, await maker(app, another))));
    wrong.push(...(await wrongOfOwn(api, them, operation, await maker(app, them))));
    if (endings.has(id)) them = await newPerson(app);
  }
  expect(wrong).toEqual([]);
}, 120_000);

/** Names workspaces that are another's altogether. */
const anothers = new Set(["deleteWorkspace", "restoreWorkspace"]);

function tellsTheKey(operation: Operation, answer: Answer): boolean {
  const { status, body } = answer;
  if (anothers.has(operation.id)) return status === 404;
  if (isOperators(operation)) return lacks(operation, answer);
  return status === 403 && /\b(live|test) (side|key)\b/.test(body.message);
}

test("a test key does nothing to what is live, and is told which key does, whatever the operation", async () => {
  const body = { name: "test", environment: "test", role: "owner" };
  const key = (await app.call("POST", "/keys", { body })).body.data.secret;
  const wrong: string[] = [];
  let asked = 0;
  for (const operation of api.operations) {
    const { id, method, named, permission } = operation;
    if (permission === null || named === null || shared.has(named) || isPersonal(operation)) continue;
    const address = addressOf(operation, await make(operation, app.owner), workspaces.own);
    const given = validBody(api, operation);
    const answer = await app.call(method, address + validQuery(api, operation), {
      key,
      ...(given === undefined ? {} : { body: given }),
    });
    const { status, body: told } = answer;
    asked++;
    if (readable.has(id) && status === 200) continue;
    // Asked first whether it is a person, whatever they name.
    if (id === "transferDomain" && status === 403) continue;
    if (!tellsTheKey(operation, answer)) wrong.push(`${id}: ${status} ${told?.message}`);
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(40);
}, 60_000);

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
  const known = ["test", "system", ...own];
  // Work that was left behind there goes on in its own name.
  const jobs = (await app.db.read.select().from(app.db.tables.jobs))
    .filter(({ workspaceId, createdBy }) => workspaceId === workspaces.other && known.includes(createdBy))
    .map(({ id }) => id as string);
  expect(links.status).toBe(200);
  expect([...actors].filter((id) => !known.includes(id) && !jobs.includes(id))).toEqual([]);
});

test("the controls: whoever may more than they should, sees another's things, or is told too much, is found", async () => {
  const owner = identities.find(({ name }) => name === "owner")!;
  const operation = api.operations.find(({ id }) => id === "getLink")!;
  const things = await thingsOf(operation);
  const found = async (lie: Partial<Identity>) =>
    (await wrongAt({ ...owner, ...lie }, operation, things, () => {})).length;
  expect(await found({})).toBe(0);
  expect(await found({ granted: null })).toBe(3);
  expect(await found({ granted: new Set() })).toBe(3);
  expect(await wrongAt(owner, operation, { ...things, strangers: things.ours }, () => {})).toEqual([
    "GET /links/{link} by owner, another's: 200 Link",
    expect.stringContaining("getLink tells owner what is another's"),
  ]);
  const them = await newPerson(app);
  const getToken = api.operations.find(({ id }) => id === "getToken")!;
  const token = await personalMakers["token"]!(app, them);
  expect(await seenOfAnothers(api, them, getToken, token)).toHaveLength(1);
  expect(await wrongOfOwn(api, them, getToken, nowhere(token))).toHaveLength(1);
  const schema = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
  expect(surprises(api, schema, { id: "x", hash: "y" })).toEqual(["/hash"]);
  expect(surprises(api, schema, {})).toEqual(["/id is missing"]);
  expect(surprises(api, { type: "array", items: schema }, [{ id: 1 }])).toEqual(["/0/id is no string"]);
});
