import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { TObject } from "@sinclair/typebox";
import { TOTP } from "otpauth";
import type { EventType } from "../../src/platform/events.ts";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import { SoftAuthenticator } from "../support/authenticator.ts";
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
  TO_DELETE,
  validBody,
} from "../support/operations.ts";
import { signedInAs, type TestPerson } from "../support/people.ts";
import { enrol } from "../support/team.ts";

const ORIGIN = "https://links.test";

let app: TestApp;
let api: Api;
let operator: string;
let workspaceId: string;
let them: TestPerson;
let another: TestPerson;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_BASE_URL: ORIGIN, WAYPOST_ACCESS_TOKEN_LIFE: "30d" } });
  api = await readApi(app);
  operator = (await app.operate("POST", "/installation/keys", { name: "operator" })).body.data.secret;
  workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  await app.operate("POST", "/installation/tiers", { name: "otherwise" });
  another = await newPerson(app);
}, 30_000);
afterAll(() => app.close());

/** What an edit edits: a body that names nothing changes nothing. */
const edits: Readonly<Record<string, object>> = {
  updateLink: { title: "otherwise" },
  updateLinkRule: { name: "otherwise" },
  updateRule: { name: "otherwise" },
  updateTag: { name: "otherwise" },
  updateFolder: { name: "otherwise" },
  updateCampaign: { name: "otherwise", status: "paused" },
  updateUtmTemplate: { source: "otherwise" },
  updateView: { shared: true },
  updateDomain: { slugLength: 9 },
  updateDomainFiles: { robots: "User-agent: *" },
  updateOwnWorkspace: { name: "Otherwise" },
  updateWorkspace: { name: "Yet otherwise" },
  updateMember: { role: "viewer" },
  updateRole: { name: "otherwise" },
  updateKey: { name: "otherwise" },
  setKeyTier: { tier: "otherwise" },
  updateTier: { about: "otherwise" },
  updateExtension: { name: "otherwise" },
  updateProfile: { firstName: "Otherwise" },
  renamePasskey: { name: "otherwise" },
  updateQrTemplate: { name: "otherwise" },
};
const shownBy = (secret: string): string =>
  new TOTP({ secret, digits: 6, period: 30 }).generate({ timestamp: app.clock.now() });
async function withTotp(): Promise<void> {
  const { secret } = (await them.call("POST", "/auth/totp/enrol")).body.data;
  await them.call("POST", "/auth/totp/enable", { code: shownBy(secret) });
  app.clock.advance(60_000);
}
async function offered(id: string): Promise<object> {
  await enrol(app, id, another.id, "viewer");
  return { userId: another.id };
}
/** What must have been done before, for the operation to do anything; it may say what the body is then. */
const before: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  deleteQrLogo: () => app.call("PUT", "/qr/logo", { body: { image: PIXEL } }),
  sortLinks: async () => ({
    links: [await makers["link"]!(app, app.owner, { id: "", permission: null })],
    addTags: ["sorted"],
  }),
  mergeTag: async () => ({ into: await makers["tag"]!(app, app.owner, { id: "", permission: null }) }),
  unarchiveLink: (id) => app.call("POST", `/links/${id}/archive`),
  restoreLink: (id) => app.call("DELETE", `/links/${id}`),
  createRule: async () => ({ linkId: await makers["link"]!(app, app.owner, { id: "", permission: null }) }),
  async reorderLinkRules(id) {
    const body = { name: "one", destinationUrl: "https://example.com/" };
    const [one, other] = [
      await app.call("POST", `/links/${id}/rules`, { body }),
      await app.call("POST", `/links/${id}/rules`, { body }),
    ];
    return { rules: [other.body.data.id, one.body.data.id] };
  },
  removeSuppression: () => app.operate("POST", "/mail/suppressions", { address: "ada@example.com" }),
  enableUser: (id) => app.operate("POST", `/users/${id}/disable`),
  restoreWorkspace: (id) => them.call("DELETE", `/workspaces/${id}?confirm=${TO_DELETE}`),
  leaveWorkspace: (id) => enrol(app, id, another.id, "owner"),
  offerTransfer: offered,
  cancelTransfer: async (id) => them.call("POST", `/workspaces/${id}/transfer`, await offered(id)),
  endOtherSessions: () => signedInAs(app, them.email),
  disableTotp: withTotp,
  renewRecoveryCodes: withTotp,
  async enableTotp() {
    const { secret } = (await them.call("POST", "/auth/totp/enrol")).body.data;
    return { code: shownBy(secret) };
  },
  async addPasskey() {
    const { challenge } = (await them.call("POST", "/auth/passkeys/options")).body.data;
    return { credential: new SoftAuthenticator("links.test", ORIGIN, them.id).create(challenge) };
  },
};
/** Does nothing in an installation without a mail server, or ever. */
const idle = new Set(["resendMail", "simulateLink"]);
/**
 * Is done by a person between two workspaces, to what a list in the body names, or with a file or a running job:
 * test/features/links/transfer.test.ts, bulk.test.ts and test/features/transfer have what is on record of it.
 */
const elsewhere = new Set([
  "transferLink",
  "transferDomain",
  "updateLinks",
  "deleteLinks",
  "archiveLinks",
  "unarchiveLinks",
  "restoreLinks",
  "createImport",
  "cancelImport",
]);
/** Needs a person with a fresh proof, in a workspace of their own. */
const peopleAlone = new Set(["deleteWorkspace", "restoreWorkspace", "offerTransfer"]);
const isPersons = (operation: Operation): boolean => isPersonal(operation) || peopleAlone.has(operation.id);

async function idFor(operation: Operation): Promise<string> {
  const { id, named, path } = operation;
  if (named === null) return "";
  if (id === "acceptTransfer") return offeredToThem();
  if (isPersons(operation)) return personalMakers[named]!(app, them);
  const ofInstallation = path.startsWith("/installation/") ? installationMakers[named] : undefined;
  return (ofInstallation ?? makers[named]!)(app, app.owner, operation);
}

async function offeredToThem(): Promise<string> {
  const id = await personalMakers["workspace"]!(app, another);
  await enrol(app, id, them.id, "viewer");
  await another.call("POST", `/workspaces/${id}/transfer`, { userId: them.id });
  return id;
}

const queries: Readonly<Record<string, string>> = {
  removeSuppression: "?address=ada@example.com",
  deleteWorkspace: `?confirm=${TO_DELETE}`,
};

/** Does it once, as it is meant to be done, and answers what was said and what is on record. */
async function done(operation: Operation) {
  if (isPersons(operation)) them = await newPerson(app);
  const id = await idFor(operation);
  const more = await before[operation.id]?.(id);
  const requestId = `audited-${operation.id}`;
  const headers = { "x-request-id": requestId, "user-agent": "curl/8" };
  const path = addressOf(operation, id, workspaceId) + (queries[operation.id] ?? "");
  const body = operation.body
    ? (edits[operation.id] ?? { ...validBody(api, operation), ...(isBody(operation, more) ? more : {}) })
    : undefined;
  const answer: Answer = isPersons(operation)
    ? await them.call(operation.method, path, body, headers)
    : await app.call(operation.method, path, {
        key: isOperators(operation) ? operator : app.owner,
        headers,
        ...(body ? { body } : {}),
      });
  const entries: Entry[] = (await app.operate("GET", `/audit?requestId=${requestId}`)).body.data;
  return { id, answer, entries, requestId };
}

const isBody = ({ id }: Operation, value: unknown): value is object =>
  [
    ...["mergeTag", "sortLinks", "offerTransfer", "enableTotp", "addPasskey"],
    ...["createRule", "reorderLinkRules"],
  ].includes(id) && value !== undefined;

/** The fields of an edit stand there as they are, and as they were. */
function expectBothSides(entry: { data: object; previous: Record<string, unknown> }, edit: object): void {
  expect(entry.data).toMatchObject(edit);
  for (const [name, value] of Object.entries(edit)) {
    expect(entry.previous).toHaveProperty(name);
    expect(entry.previous[name]).not.toEqual(value);
  }
}

/** What does several things at once, in the order they are done; everything else does one, and may mail of it. */
const several: Readonly<Record<string, string[]>> = {
  sortLinks: ["tag.created", "link.updated"],
  acceptInvite: ["member.created", "invite.accepted"],
  acceptTransfer: ["member.updated", "member.updated", "workspace.transferred"],
  createUser: ["user.created", "workspace.created"],
  deleteAccount: ["workspace.deleted", "session.ended", "user.deleted", "audit.erasure_asked"],
};
/** Told of the person it is done to, whose id stands in no path. */
const ofThemselves = new Set(["leaveWorkspace", "renamePasskey", "removePasskey"]);

interface Entry {
  readonly type: string;
  readonly keyId: string | null;
  readonly subjectId: string;
  readonly data: object;
  readonly previous: Record<string, unknown>;
}

/** The letters that tell of it are put on record too, each by itself. */
function withoutLetters(entries: readonly Entry[]): Entry[] {
  const rest = entries.filter(({ type }) => type !== "mail.queued");
  return (rest.length === 0 ? [...entries] : rest).toReversed();
}

function expectWhoAndWhere(operation: Operation, requestId: string, entry: Entry): void {
  const [network, actor] = isPersons(operation)
    ? [expect.stringMatching(/^198\.51\.100\.0\/24$/), { kind: "user", id: them.id }]
    : ["192.0.2.0/24", { kind: "key", id: entry.keyId }];
  expect([operation.id, entry]).toMatchObject([
    operation.id,
    { requestId, network, userAgent: "curl/8", actor },
  ]);
  expect(entry.data).not.toBeNull();
}

function expectSubject(operation: Operation, id: string, status: number, entry: Entry): void {
  // What was made has an id of its own.
  if (id === "" || status === 201 || isOperators(operation)) return;
  const subject = ofThemselves.has(operation.id) ? them.id : id;
  expect([operation.id, entry.subjectId]).toEqual([operation.id, subject]);
}

test("every operation that changes something is on record: who, what, before and after, from where, in which call", async () => {
  const changing = api.operations.filter(
    ({ id, method, permission }) =>
      method !== "GET" && permission !== null && !idle.has(id) && !elsewhere.has(id),
  );
  expect(changing.length).toBeGreaterThan(60);
  for (const operation of changing) {
    const { id, answer, entries: all, requestId } = await done(operation);
    const entries = withoutLetters(all);
    const types = entries.map(({ type }) => type);
    const wanted = several[operation.id] ?? [expect.any(String)];
    expect([operation.id, answer.status < 300, types]).toEqual([operation.id, true, wanted]);
    for (const entry of all) expectWhoAndWhere(operation, requestId, entry);
    expectSubject(operation, id, answer.status, entries.at(-1)!);
    if (edits[operation.id]) expectBothSides(entries[0]!, edits[operation.id]!);
    const secret = answer.body.data?.secret;
    if (secret) expect(JSON.stringify(all)).not.toContain(secret);
  }
}, 120_000);

test("every operation that edits a thing is among those that are tried", () => {
  const patches = api.operations
    .filter(({ id, method }) => method === "PATCH" && !elsewhere.has(id))
    .map(({ id }) => id);
  expect(Object.keys(edits).sort()).toEqual(patches.sort());
});

/** These tell of beginnings, ends, and what happened to nobody's fields. A new event stands here on purpose, or tells what was before. */
const nothingBefore = [
  "access.denied",
  "audit.erased",
  "audit.erasure_asked",
  "campaign.created",
  "campaign.deleted",
  "comment.created",
  "comment.deleted",
  "domain.created",
  "domain.deleted",
  "domain.transferred",
  "export.created",
  "export.deleted",
  "extension.created",
  "extension.deleted",
  "folder.created",
  "folder.deleted",
  "import.created",
  "installation.set_up",
  "invite.created",
  "job.cancelled",
  "job.died",
  "job.retried",
  "key.created",
  "keyring.key_forgotten",
  "keyring.key_retired",
  "link.created",
  "link.purged",
  "link.transferred",
  "mail.deferred",
  "mail.expired",
  "mail.failed",
  "mail.queued",
  "mail.sent",
  "mail.suppressed",
  "mail_suppression.created",
  "mail_suppression.deleted",
  "member.created",
  "member.deleted",
  "member.left",
  "qr_logo.created",
  "qr_logo.deleted",
  "qr_template.created",
  "qr_template.deleted",
  "role.created",
  "role.deleted",
  "rule.created",
  "rule.deleted",
  "session.confirmed",
  "session.created",
  "session.ended",
  "session.refresh_reused",
  "session.refreshed",
  "split.created",
  "split.deleted",
  "tag.created",
  "tag.deleted",
  "tag.merged",
  "tier.created",
  "tier.deleted",
  "token.created",
  "user.challenge_drawn",
  "user.created",
  "user.deleted",
  // What it changes is in no field of an account, and its name says what was before; as with enabled, totp_enabled and totp_disabled.
  "user.disabled",
  "user.email_change_asked",
  "user.email_change_confirmed",
  "user.enabled",
  "user.letter_asked",
  "user.letter_settled",
  "user.passkey_added",
  "user.passkey_removed",
  "user.password_changed",
  "user.recovery_code_used",
  "user.recovery_codes_made",
  "user.second_factor_asked",
  "user.sign_in_failed",
  "user.sign_in_throttled",
  "user.totp_disabled",
  "user.totp_enabled",
  "user.totp_enrolled",
  "utm_template.created",
  "utm_template.deleted",
  "view.created",
  "view.deleted",
  "workspace.created",
  "workspace.purged",
  "workspace.transfer_cancelled",
  "workspace.transfer_offered",
  // Whose roles it changes is told by the member.updated beside it.
  "workspace.transferred",
];

test("every event of a thing that stays tells what was before", async () => {
  const src = join(import.meta.dir, "../../src");
  const files = [...new Bun.Glob("{platform,features}/**/*.ts").scanSync(src)];
  const withEvents = [];
  for (const file of files)
    if (/= define(Event|Update|Refusal)\(/.test(await Bun.file(join(src, file)).text()))
      withEvents.push(file);
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
