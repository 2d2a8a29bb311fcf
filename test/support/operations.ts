import { Type } from "@sinclair/typebox";
import { testMail } from "../../src/features/mail/test-mail.ts";
import { type Id, newId } from "../../src/lib/ids.ts";
import { change } from "../../src/platform/events.ts";
import { jobRow } from "../../src/platform/jobs/enqueue.ts";
import { defineJob } from "../../src/platform/jobs/job.ts";
import { queueMail } from "../../src/platform/mail/queue.ts";
import { personPermissions, roles } from "../../src/platform/permissions.ts";
import { contextOf, type TestApp } from "./app.ts";
import { PASSWORD, person, signedInAs, type TestPerson } from "./people.ts";
import { confirmAddress, enrol } from "./team.ts";
import { addPerson } from "./test-people.ts";

/** Something the API can be asked for, out of its own OpenAPI document. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** After `/api/v1`, parameters as `{name}`. */
  readonly path: string;
  /** Null for what is open to everybody. */
  readonly permission: string | null;
  /** What the path names: its last parameter; null without one. */
  readonly named: string | null;
  /** Whether that stands inside a workspace that the path names, too. */
  readonly inside: boolean;
  readonly body: Schema | null;
  readonly requiredQuery: readonly { readonly name: string; readonly schema: Schema }[];
  /** Names of everything a query may hold. */
  readonly query: readonly string[];
  readonly answers: Readonly<Record<string, Schema | null>>;
}
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly additionalProperties?: boolean;
}

export interface Api {
  readonly operations: readonly Operation[];
  resolve(schema: Schema): Schema;
}

interface Described {
  operationId: string;
  "x-permission": string | null;
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** Whatever can be asked: the app in this process, or the program over HTTP. */
export type Asked = Pick<TestApp, "call" | "operate">;

export async function readApi(app: Pick<Asked, "call">): Promise<Api> {
  const { body: document } = await app.call("GET", "/openapi.json", { key: null });
  const paths = document.paths as Record<string, Record<string, Described>>;
  const schemas = document.components.schemas as Record<string, Schema>;
  return {
    resolve: (schema) => (schema.$ref ? schemas[schema.$ref.split("/").at(-1)!]! : schema),
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({
        id: one.operationId,
        method: method.toUpperCase(),
        path: path.replace("/api/v1", ""),
        permission: one["x-permission"],
        named: parametersOf(path).at(-1) ?? null,
        inside: path.includes("{workspace}") && parametersOf(path).length > 1,
        body: one.requestBody?.content["application/json"]?.schema ?? null,
        requiredQuery: (one.parameters ?? []).filter((p) => p.in === "query" && p.required),
        query: (one.parameters ?? []).filter((p) => p.in === "query").map(({ name }) => name),
        answers: Object.fromEntries(
          Object.entries(one.responses).map(([status, { content }]) => [
            status,
            content?.["application/json"]?.schema ?? null,
          ]),
        ),
      })),
    ),
  };
}

const parametersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** The address of what an operation is done to, in the workspace when the path asks for one. */
export const addressOf = ({ path, inside }: Operation, id: string, workspaceId: string): string =>
  (inside ? path.replace("{workspace}", workspaceId) : path)
    // What hangs on a link is named behind it.
    .replace(/\{link\}(?=.*\{)/, linkOf.get(id) ?? `link_${"0".repeat(26)}`)
    .replace(/\{\w+\}/, encodeURIComponent(id));

/** The links that things were made on. */
const linkOf = new Map<string, string>();

/** What is done by people to what is theirs: no role and no key has these permissions. */
export const isPersonal = ({ permission }: Pick<Operation, "permission">): boolean =>
  personPermissions.some((one) => one === permission);

export const isOperators = ({ permission }: Pick<Operation, "permission">): boolean =>
  permission?.startsWith("installation:") ?? false;

let made = 0;
/** Where an example can be used only once, or means something else here. */
const chosen: Readonly<Record<string, () => Record<string, unknown>>> = {
  createUser: () => ({ email: `user-${++made}@example.org` }),
  // Of no link of the workspace: nothing is changed by it, and every link is told so.
  sortLinks: () => ({ links: ["link_none"], addTags: ["x"] }),
  createTag: () => ({ name: `tag ${++made}` }),
  createFolder: () => ({ name: `folder ${++made}` }),
  createCampaign: () => ({ name: `campaign ${++made}` }),
  createUtmTemplate: () => ({ name: `template ${++made}`, source: "letter" }),
  createView: () => ({ name: `view ${++made}` }),
  createDomain: () => ({ host: `host-${++made}.example` }),
  createKey: () => ({ permissions: ["keys:create"] }),
  createInvite: () => ({ email: `invited-${++made}@example.org` }),
  createRole: () => ({ name: `role ${++made}`, permissions: ["members:update"] }),
  createExtension: () => ({ appId: `app-${++made}` }),
  createTier: () => ({ name: `tier-${++made}` }),
  setKeyTier: () => ({ tier: null }),
  upsertLink: () => ({ destinationUrl: `https://example.com/upsert-${++made}` }),
  createQrTemplate: () => ({ name: `look ${++made}` }),
  updateMember: () => ({ role: "viewer" }),
  addPasskey: () => ({ credential: noCredential }),
  changeEmail: () => ({ email: `changed-${++made}@example.org` }),
  changePassword: () => ({ password: "another-quiet-harbour-43" }),
  confirm: () => ({ password: PASSWORD }),
  enableTotp: () => ({ code: "123456" }),
  setUp: () => ({ password: PASSWORD }),
  signUp: () => ({ password: PASSWORD }),
  resetPassword: () => ({ password: PASSWORD }),
  verifyCode: () => ({ code: "12345678" }),
  signInByPasskey: () => ({ credential: noAssertion }),
  lookAtInvite: () => ({ token: "0".repeat(40) }),
  acceptInviteByToken: () => ({ token: "0".repeat(40) }),
};

/** Has the shape of one, and is none. */
const noCredential = {
  id: "AAAA",
  rawId: "AAAA",
  type: "public-key",
  response: { clientDataJSON: "AAAA", attestationObject: "AAAA" },
};

const noAssertion = {
  ...noCredential,
  response: { clientDataJSON: "AAAA", authenticatorData: "AAAA", signature: "AAAA" },
};

/** A body that the operation takes: what it insists on, by the document's own examples. */
export function validBody(api: Api, { id, body }: Operation): Record<string, unknown> | undefined {
  if (body === null) return undefined;
  const { properties = {}, required = [] } = api.resolve(body);
  const given = chosen[id]?.() ?? {};
  const missing = required.filter((name) => !(name in given));
  const values = missing.map((name) => [name, example(api, properties[name]!, `${id} ${name}`)]);
  return { ...Object.fromEntries(values), ...given };
}

/** What need not be there and makes a call quick. */
const chosenQuery: Readonly<Record<string, Record<string, string>>> = {
  getQr: { format: "svg" },
  getLinkQr: { format: "svg" },
};

/** `?by=…` with whatever must be there. */
export function validQuery(api: Api, { id, requiredQuery }: Operation): string {
  const required = requiredQuery.map(({ name, schema }) => [
    name,
    String(example(api, schema, `${id} ${name}`)),
  ]);
  const query = new URLSearchParams({ ...Object.fromEntries(required), ...chosenQuery[id] });
  return query.size === 0 ? "" : `?${query}`;
}

function example(api: Api, given: Schema, what: string): unknown {
  const schema = api.resolve(given);
  if (schema.examples) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return example(api, schema.anyOf[0]!, what);
  const [type] = [schema.type].flat();
  if (type === "boolean") return true;
  if (type === "integer") return 1;
  if (type === "string") return what.endsWith(" address") ? "ada@example.com" : "text";
  throw new Error(`${what} has no example in the document: give it one`);
}

/** A picture of one pixel. */
export const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** What a workspace is called that is made to be deleted. */
export const TO_DELETE = "text";

const workspaceOf = async (app: Asked, key: string): Promise<Id<"ws">> =>
  (await app.call("GET", "/workspace", { key })).body.data.id;

/** What is made may no more than the operation asks for: whoever may do it is strong enough to do it. */
export type MakerOf<App> = (
  app: App,
  key: string,
  operation: Pick<Operation, "id" | "permission">,
) => Promise<string>;

/** Makes what a path names, in the workspace of the key, by the API and nothing else. */
export const plainMakers: Readonly<
  Record<
    | ("link" | "rule" | "comment" | "template" | "domain" | "key" | "extension" | "tier" | "role" | "invite")
    | ("tag" | "folder" | "campaign" | "utmTemplate" | "view" | "export" | "import"),
    MakerOf<Asked>
  >
> = {
  /** With a split for those who look for one. */
  async link(app, key, { id: operation }) {
    const body = { destinationUrl: "https://example.com/" };
    const { id } = (await app.call("POST", "/links", { key, body })).body.data;
    if (/^(get|finish|delete)Split$/.test(operation)) {
      const variants = ["a", "b"].map((one) => ({ destinationUrl: `https://example.com/${one}` }));
      await app.call("PUT", `/links/${id}/split`, { key, body: { variants } });
    }
    return id;
  },
  async rule(app, key, operation) {
    const link = await plainMakers.link(app, key, operation);
    const body = { name: "made", destinationUrl: "https://example.com/rule" };
    const { id } = (await app.call("POST", `/links/${link}/rules`, { key, body })).body.data;
    linkOf.set(id, link);
    return id;
  },
  async tag(app, key) {
    return (await app.call("POST", "/tags", { key, body: { name: `tag ${++made}` } })).body.data.id;
  },
  async folder(app, key) {
    return (await app.call("POST", "/folders", { key, body: { name: `folder ${++made}` } })).body.data.id;
  },
  async campaign(app, key) {
    return (await app.call("POST", "/campaigns", { key, body: { name: `campaign ${++made}` } })).body.data.id;
  },
  async utmTemplate(app, key) {
    const body = { name: `template ${++made}`, source: "letter" };
    return (await app.call("POST", "/utm-templates", { key, body })).body.data.id;
  },
  async view(app, key) {
    return (await app.call("POST", "/views", { key, body: { name: `view ${++made}` } })).body.data.id;
  },
  async comment(app, key, operation) {
    const link = await plainMakers.link(app, key, operation);
    const { body } = await app.call("POST", `/links/${link}/comments`, { key, body: { text: "made" } });
    linkOf.set(body.data.id, link);
    return body.data.id;
  },
  /** For whoever takes one out of the archive, one that is in it. */
  async domain(app, key, operation) {
    const { body } = await app.call("POST", "/domains", { key, body: { host: `made-${++made}.example` } });
    const { id } = body.data;
    if (operation.id === "unarchiveDomain") await app.call("POST", `/domains/${id}/archive`, { key });
    return id;
  },
  async template(app, key) {
    const body = { name: `made ${++made}` };
    return (await app.call("POST", "/qr/templates", { key, body })).body.data.id;
  },
  async export(app, key) {
    return (await app.call("POST", "/exports", { key, body: {} })).body.data.id;
  },
  async import(app, key) {
    const body = `url\nhttps://example.com/imported-${++made}\n`;
    const headers = { "content-type": "text/csv" };
    return (await app.call("POST", "/imports", { key, body, headers })).body.data.id;
  },
  async key(app, key, { permission }) {
    const own = roles.owner.filter((one) => one === permission);
    const body = { name: "made", permissions: own };
    return (await app.call("POST", "/keys", { key, body })).body.data.id;
  },
  async extension(app, key) {
    const body = { name: "made", appId: `app-${++made}` };
    return (await app.call("POST", "/extensions", { key, body })).body.data.id;
  },
  async tier(app) {
    return (await app.operate("POST", "/installation/tiers", { name: `tier-${++made}` })).body.data.name;
  },
  async role(app, key, { permission }) {
    const body = { name: `made ${++made}`, permissions: [permission] };
    return (await app.call("POST", `/workspaces/${await workspaceOf(app, key)}/roles`, { key, body })).body
      .data.id;
  },
  async invite(app, key, operation) {
    const role = await plainMakers.role(app, key, operation);
    const body = { email: `asked-${++made}@example.org`, role };
    return (await app.call("POST", `/workspaces/${await workspaceOf(app, key)}/invites`, { key, body })).body
      .data.id;
  },
};

/** The same for everything, also what the API makes only in time. A parameter that is not here fails the tests that need it. */
export const makers: Readonly<Record<string, MakerOf<TestApp>>> = {
  ...plainMakers,
  /** One that has been read. */
  async import(app, key, operation) {
    const id = await plainMakers.import(app, key, operation);
    await app.app.worker.idle();
    return id;
  },
  /** One that is made, for whoever takes it away. */
  async export(app, key, operation) {
    const id = await plainMakers.export(app, key, operation);
    await app.app.worker.idle();
    return id;
  },
  async mail(app, key) {
    const ctx = contextOf(app, await workspaceOf(app, key));
    const reader = { email: "ada@example.org", name: null, locale: "en", timeZone: "UTC" };
    return change(ctx, (tx) => queueMail(tx, ctx, testMail, reader, { at: 0, baseUrl: null }));
  },
  /** One that has ended, or for whoever calls it off one whose time has not come. */
  async job(app, key, { id }) {
    const by = { actorId: "test", workspaceId: await workspaceOf(app, key), now: app.clock.now() };
    const row = jobRow(newId("job", by.now), gone, {}, by);
    const how =
      id === "cancelJob"
        ? ({ state: "scheduled", runAt: by.now + 365 * 86_400_000 } as const)
        : ({ state: "dead", endedAt: by.now } as const);
    await app.db.transaction((tx) => tx.insert(app.db.tables.jobs).values({ ...row, ...how }));
    return row.id;
  },
  async member(app, key, operation) {
    const userId = await addPerson(app);
    const role = await plainMakers.role(app, key, operation);
    await enrol(app, await workspaceOf(app, key), userId, role);
    return userId;
  },
  user: (app) => addPerson(app),
  /** The key's own, but for those who delete one, or have deleted it. */
  async workspace(app, key, { id }) {
    if (id !== "deleteWorkspace" && id !== "restoreWorkspace") return workspaceOf(app, key);
    const now = app.clock.now();
    const workspace = newId("ws", now);
    const ended = id === "restoreWorkspace" ? { deletedAt: now, purgeAt: now + 86_400_000 } : {};
    await app.db.transaction((tx) =>
      tx
        .insert(app.db.tables.workspaces)
        .values({ id: workspace, name: TO_DELETE, createdAt: now, updatedAt: now, ...ended }),
    );
    return workspace;
  },
};

const gone = defineJob({ name: "test.gone", args: Type.Object({}), run: async () => {} });

/** The same for what is a person's own. */
export const personalMakers: Readonly<Record<string, (app: TestApp, them: TestPerson) => Promise<string>>> = {
  user: async (_, { id }) => id,
  session: async (app, { email }) => (await signedInAs(app, email)).sessionId,
  async passkey(app, { id: userId }) {
    const id = newId("pk", app.clock.now());
    const row = {
      id,
      userId: userId as Id<"usr">,
      credentialId: id,
      publicKey: "none",
      counter: 0,
    };
    const rest = {
      transports: [] as string[],
      name: "made",
      backedUp: false,
      usedAt: null,
      createdAt: app.clock.now(),
    };
    await app.db.transaction((tx) => tx.insert(app.db.tables.passkeys).values({ ...row, ...rest }));
    return id;
  },
  token: async (_, { call }) => (await call("POST", "/user/tokens", { name: "made" })).body.data.id,
  workspace: async (_, { call }) => (await call("POST", "/workspaces", { name: TO_DELETE })).body.data.id,
  /** One that waits for them: an address is invited once at a time. */
  async invite(app, { email }) {
    await confirmAddress(app, email);
    const path = `/workspaces/${await workspaceOf(app, app.owner)}/invites`;
    const pending = (await app.call("GET", `${path}?state=pending&limit=100`)).body.data;
    const known = pending.find((one: { email: string }) => one.email === email);
    return known?.id ?? (await app.call("POST", path, { body: { email } })).body.data.id;
  },
};

/** Somebody who was not here before. */
export const newPerson = (app: TestApp): Promise<TestPerson> => person(app, `person-${++made}@example.org`);

/** The same for what belongs to the installation. */
export const installationMakers: Readonly<Record<string, (app: TestApp) => Promise<string>>> = {
  async key(app) {
    return (await app.operate("POST", "/installation/keys", { name: "made" })).body.data.id;
  },
  async sealingKey(app) {
    const { body } = await app.operate("GET", "/installation/keyring");
    const old = body.data[0].id as string;
    await app.operate("POST", "/installation/keyring/rotate");
    await app.app.worker.idle();
    app.clock.advance(61_000);
    return old;
  },
};

/** Fields of an answer that its schema does not speak of, and those that it promises and are not there. */
export function surprises(api: Api, given: Schema, value: unknown, at = ""): string[] {
  const schema = api.resolve(given);
  if (schema.anyOf) {
    const each = schema.anyOf.map((one) => surprises(api, one, value, at));
    return each.find((found) => found.length === 0) ?? each.toSorted((a, b) => a.length - b.length)[0]!;
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const isOne = types.includes(typeNameOf(value)) || (types.includes("number") && Number.isInteger(value));
  if (types.length > 0 && !isOne) return [`${at} is no ${types.join(" or ")}`];
  if (Array.isArray(value))
    return value.flatMap((one, i) => (schema.items ? surprises(api, schema.items, one, `${at}/${i}`) : []));
  if (typeof value !== "object" || value === null || !schema.properties || schema.additionalProperties)
    return [];
  const { properties, required = [] } = schema;
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${at}/${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) =>
      properties[name] ? surprises(api, properties[name], inner, `${at}/${name}`) : [`${at}/${name}`],
    ),
  ];
}

function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
