import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../../support/app.ts";
import { lettersTo, makeUser, PASSWORD, person } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

/** Addresses of which nobody learns here what they are. How long an answer takes is measured by `test/bench/enumeration.ts`. */
const who = {
  "with an account": "here@example.org",
  "with an account that was disabled": "shut@example.org",
  "with an account that has no password": "bare@example.org",
  "that was invited": "asked@example.org",
  "of an account that is no more": "gone@example.org",
  "that nobody knows": "nobody@example.org",
};

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
  await makeUser(app, who["with an account"]);
  const shut = await makeUser(app, who["with an account that was disabled"]);
  await app.operate("POST", `/users/${shut}/disable`);
  await app.operate("POST", "/users", { email: who["with an account that has no password"] });
  const { data } = (await app.call("GET", "/workspace")).body;
  await app.call("POST", `/workspaces/${data.id}/invites`, { body: { email: who["that was invited"] } });
  const gone = await person(app, who["of an account that is no more"]);
  expect((await gone.call("DELETE", "/user", {})).status).toBe(200);
});
afterAll(() => app.close());

/** All that is told, but for what is drawn anew each time. */
const told = ({ status, headers, body }: Answer): unknown => ({
  status,
  headers: [...headers].filter(([name]) => !/^(x-request-id|date|(x-)?ratelimit.*)$/.test(name)).sort(),
  names: [...headers.keys()].sort(),
  body: { ...body, meta: Object.keys(body.meta) },
});
const plain = (answer: Answer): unknown =>
  JSON.parse(
    JSON.stringify(told(answer)).replace(/"(challenge|expiresAt)":"[^"]*"/g, (_, name) => `"${name}":"…"`),
  );

let from = 0;
const ask = (path: string, body: object) =>
  app.call("POST", `/auth${path}`, { key: null, address: `203.0.113.${from++ % 250}`, body });

test.each([
  ["/signin", (email: string) => ({ email, password: "not-the-password-43" })],
  ["/signin", (email: string) => ({ email, password: "x", session: "tokens", deviceToken: "made-up" })],
  ["/otp/request", (email: string) => ({ email })],
  ["/password/forgot", (email: string) => ({ email })],
  ["/signup", (email: string) => ({ email, password: PASSWORD })],
] as const)("%s answers alike in status, headers and body, whosever address it is", async (path, body) => {
  const answers = new Map<string, unknown>();
  for (const [name, email] of Object.entries(who)) answers.set(name, plain(await ask(path, body(email))));
  const [first] = answers.values();
  expect(first).toMatchObject({ status: path === "/signin" ? 401 : 200 });
  for (const [name, answer] of answers) expect([name, answer]).toEqual([name, first]);
});

test("a code is refused alike, whether its challenge was an account's or nobody's", async () => {
  const answers: unknown[] = [];
  for (const email of Object.values(who)) {
    const { challenge } = (await ask("/otp/request", { email })).body.data;
    answers.push(plain(await ask("/otp/verify", { challenge, code: "00000000" })));
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test("the controls: what is right is told apart, and letters differ", async () => {
  const at = async (password: string) =>
    plain(await ask("/signin", { email: who["with an account"], password }));
  expect(await at(PASSWORD)).not.toEqual(await at("not-the-password-43"));
  expect((await lettersTo(app, who["that nobody knows"])).map(({ type }) => type)).not.toContain(
    "identity.sign-in-code",
  );
  expect((await lettersTo(app, who["with an account"])).map(({ type }) => type)).toContain(
    "identity.sign-in-code",
  );
});
