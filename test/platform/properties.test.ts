import { afterAll, beforeAll, expect, test } from "bun:test";
import { getTableColumns } from "drizzle-orm";
import { type TestApp, testApp } from "../support/app.ts";
import {
  type Api,
  addressOf,
  installationMakers,
  isOperators,
  isPersonal,
  makers,
  newPerson,
  type Operation,
  personalMakers,
  readApi,
  type Schema,
  validBody,
} from "../support/operations.ts";
import type { TestPerson } from "../support/people.ts";

let app: TestApp;
let api: Api;
let operator: string;
let workspaceId: string;
let them: TestPerson;
beforeAll(async () => {
  app = await testApp();
  api = await readApi(app);
  operator = (await app.operate("POST", "/installation/keys", { name: "operator" })).body.data.secret;
  workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  them = await newPerson(app);
}, 30_000);
afterAll(() => app.close());

/** Names of all fields in a schema, nested ones too. */
function namesIn(given: Schema, depth = 0): string[] {
  const schema = api.resolve(given);
  if (depth > 6) return [];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
      name,
      ...namesIn(inner, depth + 1),
    ]),
    ...(schema.items ? namesIn(schema.items, depth + 1) : []),
    ...(schema.anyOf ?? []).flatMap((one) => namesIn(one, depth + 1)),
  ];
}

/** Everything anything here is called: fields of every body and answer, columns of every table, and usual guesses. */
function everyName(): string[] {
  const schemas = api.operations.flatMap(({ body, answers }) => [body, ...Object.values(answers)]);
  const columns = Object.values(app.db.tables).flatMap((table) => Object.keys(getTableColumns(table)));
  const guesses = [
    "role",
    "plan",
    "credits",
    "verified",
    "isAdmin",
    "admin",
    "owner",
    "__proto__",
    "constructor",
  ];
  return [...new Set([...schemas.flatMap((one) => (one ? namesIn(one) : [])), ...columns, ...guesses])];
}

/** Those that are open to everybody, too. */
const writes = (): Operation[] => api.operations.filter(({ body }) => body !== null);

const keyFor = (operation: Operation): string | null => {
  if (operation.permission === null) return null;
  if (isPersonal(operation)) return them.accessToken;
  return isOperators(operation) ? operator : app.owner;
};

async function idFor(operation: Operation): Promise<string> {
  const { named, path } = operation;
  if (named === null) return "";
  if (isPersonal(operation)) return personalMakers[named]!(app, them);
  const ofInstallation = path.startsWith("/installation/") ? installationMakers[named] : undefined;
  return (ofInstallation ?? makers[named]!)(app, app.owner, operation);
}

test("no write takes a field that is not its own: each is refused by name, and nothing changes", async () => {
  const names = everyName();
  expect(names.length).toBeGreaterThan(100);
  let tried = 0;
  for (const operation of writes()) {
    const own = new Set(Object.keys(api.resolve(operation.body!).properties ?? {}));
    const key = keyFor(operation);
    const path = addressOf(operation, await idFor(operation), workspaceId);
    const before = await everything();
    for (const name of names) {
      if (own.has(name)) continue;
      const body = JSON.stringify({ ...validBody(api, operation), ["\u0000"]: 0 }).replace(
        '"\\u0000":0',
        `${JSON.stringify(name)}:${JSON.stringify(name.endsWith("Id") ? "ws_x" : true)}`,
      );
      const answer = await app.call(operation.method, path, { key, body });
      expect([operation.id, name, answer.status]).toEqual([operation.id, name, 400]);
      expect([
        operation.id,
        name,
        answer.body.error.details.map((one: { path: string }) => one.path),
      ]).toEqual([operation.id, name, [`/${name}`]]);
      tried++;
    }
    expect([operation.id, await everything()]).toEqual([operation.id, before]);
  }
  expect(tried).toBeGreaterThan(1000);
}, 120_000);

/** All rows that a request could have changed. */
async function everything(): Promise<string> {
  // What is counted, and what goes on by itself, is no change of the request.
  const { keys, jobs: _, throttles: __, rateWindows: ___, auditSeals: ____, ...others } = app.db.tables;
  const tables = Object.values(others);
  const rows = await Promise.all(tables.map((table) => app.db.read.select().from(table)));
  // When a key was used last is noted beside.
  const ofKeys = (await app.db.read.select().from(keys)).map((row) => ({ ...row, lastUsedAt: null }));
  // Postgres gives rows in no order.
  return JSON.stringify([...rows, ofKeys].map((of) => of.map((row) => JSON.stringify(row)).sort()));
}

test("the control: a field of its own is taken", async () => {
  const id = await makers["link"]!(app, app.owner, { id: "updateLink", permission: "links:update" });
  const before = await everything();
  expect((await app.call("PATCH", `/links/${id}`, { body: { title: "new" } })).status).toBe(200);
  expect(await everything()).not.toBe(before);
});
