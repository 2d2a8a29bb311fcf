import type { Answer } from "../support/app.ts";
import { SoftAuthenticator } from "../support/authenticator.ts";
import {
  lacks,
  notThere,
  nowhere,
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
  type Asked,
  addressOf,
  isPersonal,
  type Operation,
  PIXEL,
  plainMakers,
  TO_DELETE,
  validBody,
  validQuery,
} from "../support/operations.ts";
import { signedInAs, type TestPerson } from "../support/people.ts";
import { acceptAnew, good, invite, jobPutOff, type Story } from "./story-world.ts";

/** A workspace, with an owner's key of it and somebody who owns it. */
export interface Place {
  readonly workspaceId: string;
  readonly key: string;
  readonly owner: TestPerson;
}

/** Somebody who tries everything. */
export interface Trier {
  readonly name: string;
  /** Null for whoever nobody knows. */
  readonly them: TestPerson | null;
  /** What their role grants, as the API itself lists it; null for who has none in this workspace. */
  readonly granted: ReadonlySet<string> | null;
}

export interface Tried {
  /** What was not as it must be. */
  readonly wrong: string[];
  cells: number;
  /** Cells that succeeded although they must not. */
  unexpected: number;
}

let made = 0;

/** Makes what an operation is done to, in a workspace, over HTTP. */
export async function make(story: Story, place: Place, operation: Operation): Promise<string> {
  const { workspaceId, key, owner } = place;
  const { id, named } = operation;
  const first = async (path: string) => (await good(story.call("GET", path, { key }))).data[0].id;
  const others: Readonly<Record<string, () => Promise<string>>> = {
    user: async () => owner.id,
    tier: async () => "mobile",
    sealingKey: async () => "sk_none",
    mail: () => first("/mail?limit=1"),
    // What is read has ended: whoever follows it is told so, and no more.
    job: () =>
      operation.method === "GET" ? first("/jobs?state=done&limit=1") : jobPutOff(story, workspaceId, key),
    async member() {
      const email = `member-${++made}@example.org`;
      const role = await plainMakers.role(story, key, { id, permission: "members:read" });
      await invite(story, { workspaceId, key, role }, email);
      return (await acceptAnew(story, email)).id;
    },
    workspace: async () => workspaceId,
    /** By a person, because no key hands on what lets others in. */
    key: () => plainMakers.key(asOwner(story, place), owner.accessToken, operation),
  };
  const maker = others[named!];
  if (maker) return maker();
  const plain = (plainMakers as Readonly<Record<string, (typeof plainMakers)["link"]>>)[named!];
  if (!plain) throw new Error(`who makes a ${named} for ${id}? ${import.meta.file}`);
  const one = await plain(story, key, operation);
  if (named === "export" || named === "import") await settled(story, key, `/${named}s/${one}`);
  return one;
}

/** Files are made and read by jobs. */
async function settled(story: Story, key: string, path: string): Promise<void> {
  const { state } = (await good(story.call("GET", path, { key }))).data;
  if (state !== "pending" && state !== "processing") return;
  await Bun.sleep(20);
  return settled(story, key, path);
}

/** What the owner of a workspace asks, in it. */
const asOwner = (story: Story, { workspaceId }: Place): Asked => ({
  ...story,
  call: (method, path, options) =>
    story.call(method, path, { ...options, headers: { "x-workspace-id": workspaceId } }),
});

/** A workspace to be deleted or restored, of whoever may do that where they are. */
async function ownWorkspace({ call }: TestPerson, { id }: Operation): Promise<string> {
  const { data } = await good(call("POST", "/workspaces", { name: TO_DELETE }));
  if (id === "restoreWorkspace") await good(call("DELETE", `/workspaces/${data.id}?confirm=${TO_DELETE}`));
  return data.id;
}

const ending = (id: string): boolean => id === "deleteWorkspace" || id === "restoreWorkspace";

/** Everything that roles are asked for, by everybody, about what is theirs, another's and nobody's. */
export async function tryRoles(story: Story, api: Api, trial: TrialOfRoles): Promise<Tried> {
  const tried: Tried = { wrong: [], cells: 0, unexpected: 0 };
  const guarded = api.operations.filter((one) => one.permission !== null && !isPersonal(one));
  for (const operation of guarded) {
    const { ours, theirs } = trial;
    const ids =
      operation.named === null
        ? { ours: "", theirs: "" }
        : { ours: await make(story, ours, operation), theirs: await make(story, theirs, operation) };
    for (const trier of trial.triers)
      for (const whose of placesOf(operation)) {
        const expected = expectation(trier, operation, whose);
        const cell = { trier, operation, whose, expected, ids };
        const answer = await ask(story, api, trial, cell);
        tried.cells++;
        if (expected !== "done" && answer.status < 300) tried.unexpected++;
        tried.wrong.push(...wrongAt(api, cell, answer));
      }
  }
  return tried;
}

function wrongAt(api: Api, { trier, operation, whose, expected }: Cell, answer: Answer): string[] {
  const at = `${operation.method} ${operation.path} by ${trier.name}, ${whose}`;
  const told = `${at}: ${answer.status} ${answer.body?.message}, not ${expected}`;
  return [
    ...(isAs(expected, operation, answer) ? [] : [told]),
    ...undocumented(api, operation, answer).map((field) => `${at} tells ${field}`),
  ];
}

interface TrialOfRoles {
  readonly triers: readonly Trier[];
  readonly ours: Place;
  readonly theirs: Place;
  /** Whom the workspace is offered. */
  readonly successor: string;
}

type Expectation = "unknown" | "not found" | "lacking" | "done";

/** By the permission word alone, and whether there is such a thing for them. */
function expectation({ them, granted }: Trier, operation: Operation, whose: Whose): Expectation {
  if (them === null) return "unknown";
  // Whoever is not in a workspace is told nothing of it, not even what they lack.
  const elsewhere = whose.startsWith("in ") || (operation.named === "workspace" && whose !== "theirs");
  if (granted === null || elsewhere) return "not found";
  if (!granted.has(operation.permission!)) return "lacking";
  if (whose === "theirs" || whose === "none") return "done";
  return whose === "another's" && shared.has(operation.named!) ? "done" : "not found";
}

/** What is not done although it may be: these people are in no second workspace to give anything to. */
const otherwise: Readonly<Record<string, number>> = {
  ...notThere,
  transferLink: 400,
  transferDomain: 400,
  cancelImport: 409,
};

function isAs(expected: Expectation, operation: Operation, answer: Answer): boolean {
  if (expected === "unknown") return answer.status === 401;
  if (expected === "not found") return answer.status === 404;
  if (expected === "lacking") return lacks(operation, answer);
  const wanted = otherwise[operation.id];
  return wanted ? answer.status === wanted : answer.status >= 200 && answer.status < 300;
}

interface Cell {
  readonly trier: Trier;
  readonly operation: Operation;
  readonly whose: Whose;
  readonly expected: Expectation;
  readonly ids: { readonly ours: string; readonly theirs: string };
}

/** What is done to a thing is done to one of its own, so that each finds it as it must be. */
async function idFor(story: Story, { ours }: TrialOfRoles, cell: Cell): Promise<string> {
  const { trier, operation, whose, expected, ids } = cell;
  if (whose === "another's") return ids.theirs;
  if (whose === "nowhere") return nowhere(ids.ours);
  if (expected !== "done" || whose === "none" || operation.method === "GET") return ids.ours;
  return ending(operation.id) ? ownWorkspace(trier.them!, operation) : make(story, ours, operation);
}

async function bodyFor(story: Story, api: Api, trial: TrialOfRoles, cell: Cell): Promise<unknown> {
  const { operation, expected } = cell;
  const body = validBody(api, operation);
  const makeA = (named: string) => make(story, trial.ours, { ...operation, named });
  if (operation.id === "offerTransfer") return { ...body, userId: trial.successor };
  if (operation.id === "createRule") return { ...body, linkId: await makeA("link") };
  if (operation.id === "mergeTag") return { ...body, into: await makeA("tag") };
  if (expected !== "done" || (operation.id !== "updateMember" && operation.id !== "createInvite"))
    return body;
  return { ...body, role: await plainMakers.role(story, trial.ours.key, operation) };
}

async function ask(story: Story, api: Api, trial: TrialOfRoles, cell: Cell): Promise<Answer> {
  const { trier, operation, whose } = cell;
  const { workspaceId } = trial.ours;
  const id = await idFor(story, trial, cell);
  const places: Partial<Record<Whose, string>> = {
    "in another's": trial.theirs.workspaceId,
    "in no workspace": nowhere(workspaceId),
  };
  const path = addressOf(operation, id, places[whose] ?? workspaceId) + validQuery(api, operation);
  const body = await bodyFor(story, api, trial, cell);
  if (cell.expected === "done" && /^(get|delete)QrLogo$/.test(operation.id))
    await good(story.call("PUT", "/qr/logo", { key: trial.ours.key, body: { image: PIXEL } }));
  const headers = { "x-workspace-id": workspaceId };
  return trier.them === null
    ? story.call(operation.method, path, { key: null, headers, ...(body === undefined ? {} : { body }) })
    : trier.them.call(operation.method, path, body, headers);
}

/** In this order, as it happens to be the document's, one and the same person can do all of them. */
const leaving = ["changePassword", "deleteAccount"];

/** What is a person's own, whatever their role: each is done, and another's looks like what is nowhere. */
export async function tryOwn(
  story: Story,
  api: Api,
  { name, them: member }: Trier,
  { role, place, strangers }: { role: string; place: Place; strangers: (named: string) => Promise<string> },
): Promise<Tried> {
  const wrong: string[] = [];
  let cells = 0;
  const leaver = await colleague(story, place, role);
  // Whoever leaves is somebody else of the same role.
  const others: Readonly<Record<string, TestPerson>> = {
    ...Object.fromEntries(leaving.map((id) => [id, leaver])),
    signOut: await signedInAs(story, member!.email),
  };
  for (const operation of personalOperations(api)) {
    const { id, named } = operation;
    const them = others[id] ?? member!;
    if (named !== null) wrong.push(...(await seenOfAnothers(api, them, operation, await strangers(named))));
    const own = named === null ? "" : await makeOwn(story, place, them, named);
    wrong.push(...(await wrongOfOwn(api, them, operation, own)));
    cells += named === null ? 1 : 3;
  }
  return { wrong: wrong.map((one) => `${name}: ${one}`), cells, unexpected: 0 };
}

/** Things of somebody's own, each made once. */
export function thingsOf(story: Story, place: Place, them: TestPerson): (named: string) => Promise<string> {
  const things = new Map<string, Promise<string>>();
  return (named) => {
    const thing = things.get(named) ?? makeOwn(story, place, them, named);
    things.set(named, thing);
    return thing;
  };
}

async function colleague(story: Story, { workspaceId, key }: Place, role: string): Promise<TestPerson> {
  const email = `colleague-${++made}@example.org`;
  await invite(story, { workspaceId, key, role }, email);
  return acceptAnew(story, email);
}

async function makeOwn(story: Story, { owner }: Place, them: TestPerson, named: string): Promise<string> {
  const makers: Readonly<Record<string, () => Promise<string>>> = {
    user: async () => them.id,
    session: async () => (await signedInAs(story, them.email)).sessionId,
    token: async () => (await good(them.call("POST", "/user/tokens", { name: "made" }))).data.id,
    workspace: async () => (await good(them.call("POST", "/workspaces", { name: TO_DELETE }))).data.id,
    async passkey() {
      const { challenge } = (await good(them.call("POST", "/auth/passkeys/options"))).data;
      const credential = new SoftAuthenticator("localhost", story.url, them.id).create(challenge);
      return (await good(them.call("POST", "/auth/passkeys", { name: "made", credential }))).data.id;
    },
    /** To a workspace in which they are not yet. */
    async invite() {
      const { data } = await good(owner.call("POST", "/workspaces", { name: "made" }));
      return invite(story, { workspaceId: data.id, key: owner.accessToken }, them.email);
    },
  };
  const maker = makers[named];
  if (!maker) throw new Error(`who makes a ${named}? ${import.meta.file}`);
  return maker();
}
