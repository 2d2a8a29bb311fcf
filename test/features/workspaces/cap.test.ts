import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { confirmAddress, enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let base: string;
beforeAll(async () => {
  app = await testApp({
    people: teamPeople,
    env: { WAYPOST_WORKSPACES_MAX: "1", WAYPOST_BASE_URL: "https://links.test" },
  });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  await confirmAddress(app, "bob@example.org");
  const hers = await ada.call("POST", "/workspaces", { name: "Hers" });
  expect((await bob.call("POST", "/workspaces", { name: "His" })).status).toBe(201);
  base = `/workspaces/${hers.body.data.id}`;
});
afterAll(() => app.close());

const isRefused = ({ status, body }: Awaited<ReturnType<TestPerson["call"]>>): boolean =>
  status === 403 && body.message.startsWith("One account may own 1 workspace(s) here");

test("nobody comes to own more workspaces than they may by an invitation, which stays open", async () => {
  const { body } = await ada.call("POST", `${base}/invites`, { email: "bob@example.org", role: "owner" });
  expect(isRefused(await bob.call("POST", `/invites/${body.data.id}/accept`))).toBe(true);
  expect((await ada.call("GET", `${base}/members`)).body.data).toHaveLength(1);
  expect((await ada.call("GET", `${base}/invites/${body.data.id}`)).body.data.state).toBe("pending");
  await ada.call("DELETE", `${base}/invites/${body.data.id}`);
  const less = await ada.call("POST", `${base}/invites`, { email: "bob@example.org", role: "admin" });
  expect((await bob.call("POST", `/invites/${less.body.data.id}/accept`)).status).toBe(200);
});

test("nor by a role that somebody gives them", async () => {
  const his = `${base}/members/${bob.id}`;
  expect(isRefused(await ada.call("PATCH", his, { role: "owner" }))).toBe(true);
  const free = await makePerson(app, "cy@example.org");
  await enrol(app, base.split("/")[2]!, free.id, "viewer");
  expect((await ada.call("PATCH", `${base}/members/${free.id}`, { role: "owner" })).status).toBe(200);
});
