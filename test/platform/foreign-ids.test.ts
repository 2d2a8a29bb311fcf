import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import { nowhere } from "../support/matrix.ts";
import {
  type Api,
  addressOf,
  isOperators,
  makers,
  newPerson,
  type Operation,
  readApi,
  type Schema,
  validBody,
  validQuery,
} from "../support/operations.ts";
import type { TestPerson } from "../support/people.ts";

/** Paths are the matrix's; here is what bodies and queries name. Somebody who may all in their own workspace asks. */
let app: TestApp;
let api: Api;
let eve: TestPerson;
let own: string;
let stranger: string;
/** What another workspace has, and what is made up in its place, by what fields mean. */
let theirs: Record<Kind, readonly (readonly [real: unknown, madeUp: unknown])[]>;
let theirSlug: string;

type Kind =
  | (
      | "domain"
      | "link"
      | "linkId"
      | "links"
      | "extension"
      | "role"
      | "user"
      | "workspace"
      | "workspaces"
      | "key"
      | "name"
    )
  | ("request" | "folder" | "campaign" | "utmTemplate" | "tag" | "rule" | "template");

/** What a field names; every field whose name ends in `Id` must be here. */
const meaning: Readonly<Record<string, Kind>> = {
  domain: "domain",
  defaultDomainId: "domain",
  link: "link",
  linkId: "linkId",
  links: "links",
  subject: "link",
  folderId: "folder",
  parentId: "folder",
  campaignId: "campaign",
  utmTemplateId: "utmTemplate",
  into: "tag",
  rule: "rule",
  template: "template",
  workspaceId: "workspace",
  extension: "extension",
  role: "role",
  userId: "user",
  createdBy: "user",
  actor: "user",
  workspaces: "workspaces",
  key: "key",
  externalId: "name",
  appId: "name",
  requestId: "request",
};
/** These give a name to what is one's own: that somebody else uses it too is nobody's business. */
const chosen = new Set([
  "createLink externalId",
  "updateLink externalId",
  "createLinks externalId",
  "upsertLink externalId",
  "createExtension appId",
  "updateExtension appId",
]);

/** Of many things that are named at once, those that are there are taken. */
const many = new Set([
  "sortLinks links",
  "createLinks links",
  "updateLinks links",
  "deleteLinks links",
  "archiveLinks links",
  "unarchiveLinks links",
  "restoreLinks links",
]);

beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_ACCESS_TOKEN_LIFE: "30d" } });
  api = await readApi(app);
  stranger = await app.stranger();
  const theirOwn = (await app.call("GET", "/workspace", { key: stranger })).body.data.id;
  const make = (kind: string, id = "") => makers[kind]!(app, stranger, { id, permission: "links:read" });
  const host = "theirs.example";
  const domain = (await app.call("POST", "/domains", { key: stranger, body: { host } })).body.data.id;
  const made = await app.call("POST", "/links", {
    key: stranger,
    body: { destinationUrl: "https://example.com/", domain, externalId: "theirs" },
    headers: { "x-request-id": "request-of-theirs" },
  });
  const link = made.body.data;
  theirSlug = link.slug;
  await app.call("POST", "/extensions", { key: stranger, body: { name: "E", appId: "theirs" } });
  const pair = (id: string) => [id, nowhere(id)] as const;
  theirs = {
    domain: [pair(domain), [host, "madeup.example"]],
    link: [pair(link.id), ["ext_theirs", "ext_madeup"]],
    extension: [pair(await make("extension"))],
    role: [pair(await make("role"))],
    user: [pair(await make("member"))],
    workspace: [pair(theirOwn)],
    workspaces: [[[theirOwn], [nowhere(theirOwn)]]],
    // One's own may have the same external id by now.
    linkId: [pair(link.id)],
    links: [[[link.id], [nowhere(link.id)]]],
    folder: [pair(await make("folder"))],
    campaign: [pair(await make("campaign"))],
    utmTemplate: [pair(await make("utmTemplate"))],
    tag: [pair(await make("tag"))],
    rule: [pair(await make("rule"))],
    template: [pair(await make("template"))],
    key: [pair(await make("key"))],
    name: [["theirs", "madeup"]],
    request: [["request-of-theirs", "request-made-up"]],
  };
  eve = await newPerson(app);
  own = (await eve.call("POST", "/workspaces", { name: "Eve" })).body.data.id;
}, 30_000);
afterAll(() => app.close());

interface Place {
  readonly operation: Operation;
  readonly name: string;
  readonly where: "body" | "query";
  readonly kind: Kind;
}

const fieldsOf = (given: Schema): string[] => Object.keys(api.resolve(given).properties ?? {});

/** Every field of a body and a query that names something, out of the API's own document. */
function places(): Place[] {
  return api.operations
    .filter((operation) => operation.permission !== null && !isOperators(operation))
    .flatMap((operation) => [
      ...(operation.body ? fieldsOf(operation.body) : []).map((name) => ({
        operation,
        name,
        where: "body" as const,
      })),
      ...operation.query.map((name) => ({ operation, name, where: "query" as const })),
    ])
    .flatMap((place) => {
      const kind = meaning[place.name];
      if (kind === undefined && place.name.endsWith("Id")) throw new Error(`what does ${place.name} name?`);
      return kind === undefined ? [] : [{ ...place, kind }];
    });
}

/** The caller's own thing, to which another's is to be put. */
async function ownThing({ operation: { named, id, permission }, name }: Place): Promise<string> {
  if (named === null) return "";
  if (named === "workspace") return own;
  // By a slug a link is only found on the domain that is named with it.
  if (named === "link" && name === "domain") return theirSlug;
  const key = await eve.call("POST", "/keys", { name: "k", role: "owner" }, { "x-workspace-id": own });
  return makers[named]!(app, key.body.data.secret, { id, permission });
}

async function ask({ operation, name, where }: Place, id: string, value: unknown): Promise<Answer> {
  const body = validBody(api, operation);
  const query = new URLSearchParams(validQuery(api, operation));
  if (where === "query") query.set(name, String(value));
  const path = addressOf(operation, id, own);
  return eve.call(
    operation.method,
    `${path}?${query}`,
    where === "body" ? { ...body, [name]: value } : body,
    { "x-workspace-id": own },
  );
}

/** What is told, but for the time, the call, and what was typed. */
const told = ({ status, text, body }: Answer, values: readonly unknown[]): string => {
  const said = body === null ? text : JSON.stringify([body.message, body.error, body.data, body.pagination]);
  return values
    .flat()
    .reduce<string>((all, value) => all.replaceAll(String(value), "…"), `${status} ${said}`)
    .replace(/"(id|createdAt|updatedAt|slug|shortUrl)":"[^"]*"/g, "")
    .replace(/\/upsert-\d+/g, "/upsert");
};

/** How much has happened, refusals apart. */
const happened = async (): Promise<number> =>
  (await app.events()).filter((type) => type !== "access.denied").length;

/** What is wrong with how something of theirs is answered at a place, beside what is made up. */
async function wrongAt(place: Place, real: unknown, madeUp: unknown): Promise<string[]> {
  const { operation, name } = place;
  const at = `${operation.id} ${name}`;
  const isChosen = chosen.has(at);
  const id = await ownThing(place);
  const before = await happened();
  const answer = await ask(place, id, real);
  const isTaken = operation.method !== "GET" && !isChosen && !many.has(at) && answer.status < 400;
  const hasDone = !isChosen && (await happened()) !== before;
  const other = await ask(place, isChosen ? await ownThing(place) : id, madeUp);
  const [of, no] = [told(answer, [real]), told(other, [madeUp])];
  return [
    ...(isTaken ? [`${at} takes ${real}`] : []),
    ...(hasDone ? [`${at} does something with ${real}`] : []),
    ...(of === no ? [] : [`${at} tells of ${real}: ${of}; made up: ${no}`]),
  ];
}

test("whatever a body or a query names of another workspace is answered like what was made up, and changes nothing", async () => {
  const all = places();
  expect(all.length).toBeGreaterThan(25);
  const wrong: string[] = [];
  for (const place of all)
    for (const [real, madeUp] of theirs[place.kind]) wrong.push(...(await wrongAt(place, real, madeUp)));
  expect(wrong).toEqual([]);
});

test("the control: what is one's own is found, where another's is not", async () => {
  const inside = { "x-workspace-id": own };
  const domain = (await eve.call("POST", "/domains", { host: "own.example" }, inside)).body.data.id;
  const wrong: string[] = [];
  for (const place of places().filter(({ kind }) => kind === "domain"))
    wrong.push(...(await wrongAt(place, domain, nowhere(domain))));
  expect(wrong).toContain(`createLink domain takes ${domain}`);
  expect(wrong).toContain(`createLink domain does something with ${domain}`);
  expect(wrong.join("\n")).toContain(`getOverview domain tells of ${domain}: 200`);
});
