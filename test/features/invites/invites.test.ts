import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { openTransport } from "../../../src/platform/mail/transport.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { type SmtpSink, smtpSink, wordsOf } from "../../support/smtp.ts";
import { confirmAddress, enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

const authority = makeAuthority("Invites test");
let sink: SmtpSink;
let app: TestApp;
let ada: TestPerson;
let base: string;
let id: string;
beforeAll(async () => {
  sink = await smtpSink({ certificate: authority.issue("DNS:localhost", { rsa: true }) });
  app = await testApp({
    people: teamPeople,
    env: {
      WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}`,
      WAYPOST_MAIL_FROM: "links@example.com",
      WAYPOST_INVITES_PER_HOUR: "10",
    },
    mail: (config) => openTransport({ config, baseUrl: () => null, ca: authority.cert }),
  });
  ada = await makePerson(app, "ada@example.org");
  ({ id, base } = await workspace("Acme"));
});
afterAll(async () => {
  await app.close();
  await sink.close();
});

async function workspace(name: string, fields: object = {}) {
  const { body } = await ada.call("POST", "/workspaces", { name, ...fields });
  return { id: body.data.id as string, base: `/workspaces/${body.data.id}` };
}
const invite = (email: string, fields: object = {}, at = base) =>
  ada.call("POST", `${at}/invites`, { email, ...fields });

/** What came last to an address, decoded, and the token in it. */
async function letterTo(email: string) {
  await app.app.worker.idle();
  const got = sink.received.filter(({ to }) => to.toLowerCase() === email.toLowerCase()).at(-1);
  const text = wordsOf(got ?? { raw: "" });
  return { text, token: /\/admin#invite=([0-9A-Za-z]+)/.exec(text)?.[1] ?? "" };
}
let from = 0;
/** Each from an address of its own: one alone is throttled. */
const accept = (token: string, more: object = {}, key: string | null = null) =>
  app.call("POST", "/invites/accept", {
    key,
    address: `203.0.113.${from++ % 250}`,
    body: { token, ...more },
  });
/** An hour later nobody has invited too many. */
const later = () => app.clock.advance(3_600_001);

test("an invitation comes by mail, and whoever has no account makes one with it, of the invited address", async () => {
  const made = await invite("New@Example.org", { role: "viewer" });
  expect([made.status, made.body.data.state, made.body.data.role]).toEqual([201, "pending", "viewer"]);
  expect(JSON.stringify(made.body)).not.toContain("oken");
  const { text, token } = await letterTo("New@Example.org");
  expect(text).toContain("ada@example.org invites you to the workspace Acme.");
  expect(token).toMatch(/^[0-9A-Za-z]{40}$/);
  const look = await app.call("POST", "/invites/look", { key: null, body: { token } });
  expect(look.body.data).toMatchObject({
    workspaceName: "Acme",
    email: "New@Example.org",
    role: "viewer",
    invitedBy: "ada@example.org",
    hasAccount: false,
  });
  const account = { password: "correct horse battery", firstName: "Nell" };
  for (const extra of [{ email: "evil@example.org" }, { operator: true }])
    expect((await accept(token, { ...account, ...extra })).status).toBe(400);
  expect((await accept(token, { ...account, role: "owner" })).status).toBe(400);
  const done = await accept(token, account);
  expect([done.status, done.body.data.role, done.body.data.user.email]).toEqual([
    200,
    "viewer",
    "New@Example.org",
  ]);
  expect(done.body.data.user.operator).toBe(false);
  expect((await accept(token, account)).status).toBe(410);
  const members = (await ada.call("GET", `${base}/members`)).body.data;
  expect(members.map((one: { firstName: string; role: string }) => [one.firstName, one.role])).toContainEqual(
    ["Nell", "viewer"],
  );
  const types = await app.events();
  for (const type of ["invite.created", "user.created", "member.created", "invite.accepted"])
    expect(types).toContain(type);
});

test("the token is kept as a hash, and the mail's body is gone once it was sent", async () => {
  await invite("kept@example.org");
  const { token } = await letterTo("kept@example.org");
  const { invites, mails, events, jobs } = app.db.tables;
  for (const table of [invites, mails, events, jobs])
    expect(JSON.stringify(await app.db.read.select().from(table))).not.toContain(token);
});

test("the link leads to this installation, whatever Host the request names", async () => {
  later();
  const request = new Request(`http://evil.test/api/v1${base}/invites`, {
    method: "POST",
    headers: { authorization: `Bearer ${ada.key}`, "content-type": "application/json", host: "evil.test" },
    body: JSON.stringify({ email: "host@example.org" }),
  });
  expect((await app.app.api.fetch(request, "192.0.2.1")).status).toBe(201);
  const { text, token } = await letterTo("host@example.org");
  expect(text).toContain(`http://links.test/admin#invite=${token}`);
  expect(text).not.toContain("evil");
});

test("whoever has an account signs in with it; the account of another address accepts nothing", async () => {
  later();
  const bob = await makePerson(app, "Bob@Example.org");
  const eve = await makePerson(app, "eve@example.org");
  const made = await invite("bob@example.ORG");
  const { token } = await letterTo("bob@example.ORG");
  const account = { password: "correct horse battery" };
  expect((await accept(token, account)).body.message).toContain("sign in with it first");
  expect((await accept(token, {}, eve.key)).status).toBe(403);
  expect((await accept(token, account, bob.key)).body.error.details[0].path).toBe("/password");
  expect((await eve.call("POST", `/invites/${made.body.data.id}/accept`)).status).toBe(404);
  expect((await eve.call("POST", `/invites/${made.body.data.id}/decline`)).status).toBe(404);
  expect((await eve.call("GET", "/invites")).body.data).toEqual([]);
  const byKey = await accept(token, account, app.owner);
  expect(byKey.status).toBe(403);
  expect((await bob.call("GET", base)).status).toBe(404);
  expect((await accept(token, {}, bob.key)).status).toBe(200);
  expect((await bob.call("GET", base)).status).toBe(200);
});

test("whoever is signed in finds their invitations, and accepts or declines them there", async () => {
  later();
  const dan = await makePerson(app, "dan@example.org");
  const [one, other] = [await workspace("One"), await workspace("Other")];
  await invite("dan@example.org", { role: "admin" }, one.base);
  await invite("dan@example.org", {}, other.base);
  // Whoever only says that the address is theirs finds nothing.
  expect((await dan.call("GET", "/invites")).body.data).toEqual([]);
  const [{ id: unseen }] = (await ada.call("GET", `${one.base}/invites`)).body.data;
  expect((await dan.call("POST", `/invites/${unseen}/accept`)).status).toBe(404);
  await confirmAddress(app, dan.email);
  const mine = (await dan.call("GET", "/invites")).body.data;
  expect(mine.map((it: { workspaceName: string; role: string }) => [it.workspaceName, it.role])).toEqual([
    ["One", "admin"],
    ["Other", "editor"],
  ]);
  expect((await dan.call("POST", `/invites/${mine[0].id}/accept`)).body.data.workspace.id).toBe(one.id);
  expect((await dan.call("POST", `/invites/${mine[1].id}/decline`)).status).toBe(200);
  expect((await dan.call("GET", "/invites")).body.data).toEqual([]);
  expect((await dan.call("GET", other.base)).status).toBe(404);
  const states = (await ada.call("GET", `${other.base}/invites`)).body.data;
  expect(states.map(({ state }: { state: string }) => state)).toEqual(["declined"]);
});

test("of a hundred acceptances of one token one is done, and one account is made", async () => {
  later();
  await invite("race@example.org");
  const { token } = await letterTo("race@example.org");
  const answers = await Promise.all(Array.from({ length: 100 }, () => accept(token, {})));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status } of answers) expect([200, 401, 410]).toContain(status);
  const { users } = app.db.tables;
  expect(await app.db.read.$count(users, eq(users.emailKey, "race@example.org"))).toBe(1);
});

test("it opens nothing once it was revoked, sent again, has expired, or its workspace was deleted", async () => {
  later();
  const there = await workspace("Ending");
  const tokenOf = async (email: string) => (await letterTo(email)).token;
  const refused = async (token: string) => {
    expect((await accept(token, {})).status).toBe(410);
    expect((await app.call("POST", "/invites/look", { key: null, body: { token } })).status).toBe(410);
  };
  const first = (await invite("end@example.org", {}, there.base)).body.data;
  const old = await tokenOf("end@example.org");
  expect((await ada.call("POST", `${there.base}/invites/${first.id}/resend`)).status).toBe(200);
  const fresh = await tokenOf("end@example.org");
  expect(fresh).not.toBe(old);
  await refused(old);
  expect((await ada.call("DELETE", `${there.base}/invites/${first.id}`)).body.data.state).toBe("revoked");
  await refused(fresh);
  expect((await ada.call("POST", `${there.base}/invites/${first.id}/resend`)).status).toBe(410);
  expect((await ada.call("DELETE", `${there.base}/invites/${first.id}`)).status).toBe(410);

  const second = (await invite("end@example.org", {}, there.base)).body.data;
  const late = await tokenOf("end@example.org");
  app.clock.advance(7 * 86_400_000 - 1);
  expect((await app.call("POST", "/invites/look", { key: null, body: { token: late } })).status).toBe(200);
  app.clock.advance(1);
  await refused(late);
  expect((await ada.call("GET", `${there.base}/invites/${second.id}`)).body.data.state).toBe("expired");
  // What has expired makes room, or can be sent again.
  expect((await invite("end@example.org", {}, there.base)).status).toBe(201);

  const last = await tokenOf("end@example.org");
  await ada.call("DELETE", `${there.base}?confirm=Ending`);
  await refused(last);
  await ada.call("POST", `${there.base}/restore`);
  expect((await accept(last, {})).status).toBe(200);
});

test("every token that differs in a letter is refused", async () => {
  later();
  await invite("mutants@example.org");
  const { token } = await letterTo("mutants@example.org");
  for (let i = 0; i < token.length; i++) {
    const mutant = token.slice(0, i) + (token[i] === "a" ? "b" : "a") + token.slice(i + 1);
    expect((await accept(mutant, {})).status).toBe(410);
  }
  for (const odd of [token.toUpperCase(), `${token}0`, token.slice(1), ` ${token}`])
    expect([400, 410]).toContain((await accept(odd, {})).status);
});

test("an invitation holds as long as whoever sent it may invite and grant as much", async () => {
  later();
  const boss = await makePerson(app, "boss@example.org");
  await enrol(app, id, boss.id, "admin");
  const send = async (email: string) => {
    await boss.call("POST", `${base}/invites`, { email, role: "admin" });
    return (await letterTo(email)).token;
  };
  const [one, two] = [await send("held-1@example.org"), await send("held-2@example.org")];
  await ada.call("PATCH", `${base}/members/${boss.id}`, { role: "editor" });
  expect((await accept(one, {})).status).toBe(410);
  await ada.call("DELETE", `${base}/members/${boss.id}`);
  expect((await accept(two, {})).status).toBe(410);
  const pending = (await ada.call("GET", `${base}/invites?state=pending`)).body.data;
  const again = pending.find(({ email }: { email: string }) => email === "held-2@example.org");
  await ada.call("POST", `${base}/invites/${again.id}/resend`);
  expect((await accept((await letterTo("held-2@example.org")).token, {})).status).toBe(200);
});

test("an address is invited once at a time, and a member not at all; spellings of one address are one", async () => {
  later();
  expect((await invite("Twice@example.org")).status).toBe(201);
  const again = await invite("twice@EXAMPLE.org");
  expect([again.status, again.body.error.details[0].path]).toEqual([409, "/email"]);
  expect((await invite("ADA@example.org")).status).toBe(409);
  for (const email of ["a@b@c", "a@example.org\r\nBcc: x@example.org", "", "Ada <a@example.org>"])
    expect([email, (await invite(email)).status]).toEqual([email, 400]);
});

test("an hour sees so many letters from one workspace and so many to one address; resending counts", async () => {
  later();
  const [one, two] = [await workspace("Busy"), await workspace("Busier")];
  for (let i = 0; i < 10; i++) expect((await invite(`busy-${i}@example.org`, {}, one.base)).status).toBe(201);
  const over = await invite("busy-10@example.org", {}, one.base);
  expect([over.status, over.headers.get("retry-after")]).toEqual([429, "3600"]);
  expect((await invite("busy-10@example.org", {}, two.base)).status).toBe(201);
  later();
  expect((await invite("busy-11@example.org", {}, one.base)).status).toBe(201);

  const victim = (await invite("victim@example.org", {}, two.base)).body.data.id;
  const statuses = [];
  for (let i = 0; i < 6; i++)
    statuses.push((await ada.call("POST", `${two.base}/invites/${victim}/resend`)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  expect((await invite("victim@example.org", {}, one.base)).status).toBe(429);
});

test("the letter carries the workspace's name and colours, in the language that was asked for", async () => {
  later();
  const there = await workspace("Branded <b>", {
    locale: "de",
    brand: { name: "Acme AG", color: "#112233", website: "https://acme.example/" },
  });
  await invite("german@example.org", { role: "admin" }, there.base);
  const german = (await letterTo("german@example.org")).text;
  expect(german).toContain("lädt Sie in den Arbeitsbereich Branded <b> ein");
  expect(german).toContain("Branded &lt;b&gt;");
  expect(german).toContain("#112233");
  expect(german).toContain("Acme AG");
  await invite("english@example.org", { locale: "en-GB" }, there.base);
  expect((await letterTo("english@example.org")).text).toContain("invites you to the workspace");
  expect((await invite("x@example.org", { locale: "!!" }, there.base)).status).toBe(400);
});

test("invitations are listed newest first, and a walk by cursor meets each once", async () => {
  const all = (await ada.call("GET", `${base}/invites?limit=100`)).body.data.map(
    ({ id: one }: { id: string }) => one,
  );
  expect(all).toEqual([...all].sort().reverse());
  const walked: string[] = [];
  let cursor = "";
  do {
    const { body } = await ada.call("GET", `${base}/invites?limit=2${cursor}`);
    walked.push(...body.data.map(({ id: one }: { id: string }) => one));
    cursor = body.pagination.nextCursor ? `&cursor=${body.pagination.nextCursor}` : "";
  } while (cursor !== "");
  expect(walked).toEqual(all);
});
