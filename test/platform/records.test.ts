import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { TObject } from "@sinclair/typebox";
import type { EventType } from "../../src/platform/events.ts";
import { type TestApp, testApp } from "../support/app.ts";
import {
  type Api,
  installationMakers,
  makers,
  type Operation,
  readApi,
  validBody,
} from "../support/operations.ts";

let app: TestApp;
let api: Api;
let operator: string;
beforeAll(async () => {
  app = await testApp();
  api = await readApi(app);
  operator = (await app.operate("POST", "/installation/keys", { name: "operator" })).body.data.secret;
});
afterAll(() => app.close());

/** What an edit edits: a body that names nothing changes nothing. */
const edits: Readonly<Record<string, object>> = {
  updateLink: { title: "otherwise" },
  updateDomain: { slugLength: 9 },
  updateWorkspace: { name: "Otherwise" },
};
/** What must have been done before, for the operation to do anything. */
const before: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  unarchiveLink: (id) => app.call("POST", `/links/${id}/archive`),
  restoreLink: (id) => app.call("DELETE", `/links/${id}`),
  removeSuppression: () => app.operate("POST", "/mail/suppressions", { address: "ada@example.com" }),
};
/** Does nothing in an installation without a mail server. */
const idle = new Set(["resendMail"]);

const isOperators = ({ permission }: Operation): boolean => permission!.startsWith("installation:");

/** Does it once, as it is meant to be done, and answers what was said and what is on record. */
async function done(operation: Operation) {
  const maker = operation.path.startsWith("/installation/") ? installationMakers : makers;
  const id = operation.named ? await maker[operation.named]!(app, app.owner) : "";
  await before[operation.id]?.(id);
  const requestId = `audited-${operation.id}`;
  const query = operation.id === "removeSuppression" ? "?address=ada@example.com" : "";
  const answer = await app.call(operation.method, operation.path.replace(/\{\w+\}/, id) + query, {
    key: isOperators(operation) ? operator : app.owner,
    headers: { "x-request-id": requestId, "user-agent": "curl/8" },
    ...(operation.body ? { body: edits[operation.id] ?? validBody(api, operation) } : {}),
  });
  const entries = (await app.operate("GET", `/audit?requestId=${requestId}`)).body.data;
  return { id, answer, entries, requestId };
}

/** The fields of an edit stand there as they are, and as they were. */
function expectBothSides(entry: { data: object; previous: Record<string, unknown> }, edit: object): void {
  expect(entry.data).toMatchObject(edit);
  for (const [name, value] of Object.entries(edit)) {
    expect(entry.previous).toHaveProperty(name);
    expect(entry.previous[name]).not.toEqual(value);
  }
}

test("every operation that changes something leaves one entry: who, what, before and after, from where, in which call", async () => {
  const changing = api.operations.filter(
    ({ id, method, permission }) => method !== "GET" && permission !== null && !idle.has(id),
  );
  expect(changing.length).toBeGreaterThan(15);
  for (const operation of changing) {
    const { id, answer, entries, requestId } = await done(operation);
    expect([operation.id, answer.status < 300, entries.length]).toEqual([operation.id, true, 1]);
    const [entry] = entries;
    const where = { requestId, network: "192.0.2.0/24", userAgent: "curl/8" };
    expect(entry).toMatchObject({ ...where, actor: { kind: "key", id: entry.keyId } });
    expect(entry.data).not.toBeNull();
    if (id !== "" && !isOperators(operation)) expect(entry.subjectId).toBe(id);
    if (edits[operation.id]) expectBothSides(entry, edits[operation.id]!);
    const secret = answer.body.data?.secret;
    if (secret) expect(JSON.stringify(entries)).not.toContain(secret);
  }
}, 60_000);

test("every operation that edits a thing is among those that are tried", () => {
  const patches = api.operations.filter(({ method }) => method === "PATCH").map(({ id }) => id);
  expect(Object.keys(edits).sort()).toEqual(patches.sort());
});

/** These tell of beginnings, ends, and what happened to nobody's fields. A new event stands here on purpose, or tells what was before. */
const nothingBefore = [
  "access.denied",
  "audit.erased",
  "audit.erasure_asked",
  "domain.created",
  "domain.deleted",
  "installation.set_up",
  "job.cancelled",
  "job.died",
  "job.retried",
  "key.created",
  "keyring.key_forgotten",
  "keyring.key_retired",
  "link.created",
  "link.purged",
  "mail.deferred",
  "mail.expired",
  "mail.failed",
  "mail.queued",
  "mail.sent",
  "mail.suppressed",
  "mail_suppression.created",
  "mail_suppression.deleted",
  "user.created",
  "workspace.created",
];

test("every event of a thing that stays tells what was before", async () => {
  const src = join(import.meta.dir, "../../src");
  const files = [...new Bun.Glob("{platform,features}/**/*.ts").scanSync(src)];
  const withEvents = [];
  for (const file of files)
    if (/= define(Event|Update)\(/.test(await Bun.file(join(src, file)).text())) withEvents.push(file);
  const modules = (await Promise.all(withEvents.map((file) => import(join(src, file))))) as object[];
  const events = modules
    .flatMap((one) => Object.values(one) as unknown[])
    .filter(
      (one): one is EventType =>
        typeof one === "object" &&
        one !== null &&
        "data" in one &&
        "name" in one &&
        Object.keys(one).length === 2,
    );
  expect(events.length).toBeGreaterThan(25);
  const without = events.filter(({ data }) => !(data as TObject).properties?.["previous"]);
  expect(without.map(({ name }) => name).sort()).toEqual(nothingBefore);
});
