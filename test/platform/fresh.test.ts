import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Id } from "../../src/lib/ids.ts";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import {
  type Api,
  addressOf,
  installationMakers,
  isPersonal,
  makers,
  newPerson,
  type Operation,
  personalMakers,
  readApi,
  validBody,
  validQuery,
} from "../support/operations.ts";
import { signedInAs, type TestPerson } from "../support/people.ts";
import { enrol } from "../support/team.ts";

/** Somebody who may everything, as an owner and as an operator, with a session of eleven minutes ago. */
let app: TestApp;
let api: Api;
let stale: TestPerson;
let fresh: TestPerson;
let workspaceId: string;
let successor: string;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_ACCESS_TOKEN_LIFE: "30d", WAYPOST_BASE_URL: "https://links.test" } });
  api = await readApi(app);
  workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  stale = await newPerson(app);
  await enrol(app, workspaceId, stale.id, "owner");
  const { users } = app.db.tables;
  await app.db.transaction((tx) =>
    tx
      .update(users)
      .set({ operator: true })
      .where(eq(users.id, stale.id as Id<"usr">)),
  );
  await app.operate("POST", "/mail/suppressions", { address: "ada@example.com" });
  successor = (await newPerson(app)).id;
  await enrol(app, workspaceId, successor, "viewer");
  app.clock.advance(11 * 60_000);
  fresh = await signedInAs(app, stale.email);
}, 30_000);
afterAll(() => app.close());

/** What asks again. A new one stands here on purpose. */
const asking = [
  // What opens the account, and its end.
  ...["changeEmail", "changePassword", "enrolTotp", "enableTotp", "renewRecoveryCodes", "disableTotp"],
  ...["newPasskeyOptions", "addPasskey", "removePasskey", "deleteAccount"],
  // What opens doors to programs.
  ...["createToken", "rotateToken", "createKey", "updateKey", "rotateKey"],
  ...["createOperatorKey", "rotateOperatorKey"],
  // Who owns a workspace or runs the installation, and what cannot be taken back.
  ...["offerTransfer", "acceptTransfer", "updateMember", "createInvite", "resendInvite", "updateRole"],
  ...["removeMember", "leaveWorkspace", "createUser", "disableUser", "enableUser"],
  ...["deleteWorkspace", "restoreWorkspace"],
  // What carries everything away at once.
  "exportAudit",
  ...["rotateKeyring", "retireSealingKey", "eraseFromAudit"],
];

/** What makes of an operation one that asks again: to open doors by others, or to make an operator. */
const dangerous: Readonly<Record<string, object>> = {
  updateMember: { role: "admin" },
  createInvite: { role: "admin" },
  updateRole: { permissions: ["members:update", "keys:create"] },
  createUser: { operator: true },
};

/** What ends the sessions that ask here, or makes them fresh. */
const apart = new Set(["signOut", "endOtherSessions", "confirm"]);

async function idFor(operation: Operation): Promise<string> {
  const { id, named, path } = operation;
  if (named === null) return "";
  if (named === "invite" && isPersonal(operation)) return invitedElsewhere();
  if (id === "removeMember") return anotherOwner();
  const isOwn = isPersonal(operation) || id === "deleteWorkspace" || id === "restoreWorkspace";
  if (isOwn) return personalMakers[named]!(app, fresh);
  const ofInstallation = path.startsWith("/installation/") ? installationMakers[named] : undefined;
  return (ofInstallation ?? makers[named]!)(app, app.owner, operation);
}

async function anotherOwner(): Promise<string> {
  const { id } = await newPerson(app);
  await enrol(app, workspaceId, id, "owner");
  return id;
}

/** To a workspace in which they are not yet. */
async function invitedElsewhere(): Promise<string> {
  const host = await newPerson(app);
  const { body } = await host.call("POST", "/workspaces", { name: "Elsewhere" });
  const path = `/workspaces/${body.data.id}/invites`;
  return (await host.call("POST", path, { email: stale.email })).body.data.id;
}

async function ask(
  them: TestPerson,
  operation: Operation,
  more = operation.id === "offerTransfer" ? { userId: successor } : dangerous[operation.id],
): Promise<Answer> {
  const id = await idFor(operation);
  const body = validBody(api, operation);
  return them.call(
    operation.method,
    addressOf(operation, id, workspaceId) + validQuery(api, operation),
    body && { ...body, ...more },
    operation.path.startsWith("/installation/") ? {} : { "x-workspace-id": workspaceId },
  );
}

const isAsked = ({ status, body }: Answer): boolean =>
  status === 403 && body?.error.details[0]?.path === "/auth/confirm";

const operations = (): Operation[] =>
  api.operations.filter(({ id, permission }) => permission !== null && !apart.has(id));

test("what opens a door, and what cannot be taken back, asks again who it is, and nothing else does", async () => {
  const asked: string[] = [];
  for (const operation of operations()) if (isAsked(await ask(stale, operation))) asked.push(operation.id);
  expect(asked.sort()).toEqual(asking.toSorted());
}, 60_000);

test("nobody ends an owner, and nobody goes as one, by a session that is not fresh", async () => {
  const inside = { "x-workspace-id": workspaceId };
  const owner = `/workspaces/${workspaceId}/members/${await anotherOwner()}`;
  expect(isAsked(await stale.call("PATCH", owner, { role: "viewer" }, inside))).toBe(true);
  expect(isAsked(await stale.call("DELETE", owner, undefined, inside))).toBe(true);
  expect(isAsked(await stale.call("POST", `/workspaces/${workspaceId}/leave`, undefined, inside))).toBe(true);
  expect((await fresh.call("PATCH", owner, { role: "viewer" }, inside)).status).toBe(200);
  // Who is none is shown out by any session.
  expect((await stale.call("DELETE", owner, undefined, inside)).status).toBe(200);
});

test("the controls: what is harmless asks nobody, and who has just proved it is asked by nothing", async () => {
  for (const operation of operations().filter(({ id }) => id in dangerous))
    expect([operation.id, (await ask(stale, operation, {})).status < 300]).toEqual([operation.id, true]);
  for (const operation of operations().filter(({ id }) => asking.includes(id)))
    expect([operation.id, isAsked(await ask(fresh, operation))]).toEqual([operation.id, false]);
}, 60_000);
