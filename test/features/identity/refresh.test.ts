import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../../support/app.ts";
import { lettersTo, person, type TestPerson } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const refresh = (refreshToken: string): Promise<Answer> =>
  app.call("POST", "/auth/refresh-token", { key: null, body: { refreshToken } });
const lives = async (ada: TestPerson, accessToken = ada.accessToken): Promise<boolean> =>
  (await app.call("GET", "/auth/session", { key: accessToken })).status === 200;

test("a refresh gives another pair, and both access tokens are good until they are over", async () => {
  app = await testApp();
  const ada = await person(app);
  const { status, body } = await refresh(ada.refreshToken);
  expect(status).toBe(200);
  expect(body.data.refreshToken).not.toBe(ada.refreshToken);
  expect(await lives(ada)).toBe(true);
  expect(await lives(ada, body.data.accessToken)).toBe(true);
});

test("fifty at once with the same token all come through, and what each got goes on", async () => {
  app = await testApp();
  const ada = await person(app);
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(ada.refreshToken)));
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(50).fill(200));
  const mine = answers.map(({ body }) => body.data.refreshToken as string);
  expect(new Set(mine).size).toBe(50);
  expect((await refresh(mine[17]!)).status).toBe(200);
  expect(await lives(ada)).toBe(true);
});

/** The long form is REFRESH_ROUNDS=1000. */
const ROUNDS = Number(process.env["REFRESH_ROUNDS"] ?? 60);
test(`honest clients that refresh at once are never locked out, ${ROUNDS} rounds`, async () => {
  app = await testApp({ env: { WAYPOST_SESSION_LIFE: "3650d" } });
  const ada = await person(app);
  let token = ada.refreshToken;
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(
      Array.from({ length: 3 }, async (_, at) => {
        if (at === 2) app.clock.advance(100);
        return refresh(token);
      }),
    );
    expect([round, ...answers.map(({ status }) => status)]).toEqual([round, 200, 200, 200]);
    token = answers[round % 3]!.body.data.refreshToken;
    app.clock.advance(20_000);
  }
}, 120_000);

describe("a token that was replaced", () => {
  test("is good for ten more seconds", async () => {
    app = await testApp();
    const ada = await person(app);
    await refresh(ada.refreshToken);
    app.clock.advance(5000);
    expect((await refresh(ada.refreshToken)).status).toBe(200);
    app.clock.advance(5000);
    expect((await refresh(ada.refreshToken)).status).toBe(200);
    expect(await lives(ada)).toBe(true);
  });

  for (const [name, ms] of [
    ["just after the overlap", 10_001],
    ["a minute later", 60_000],
  ] as const)
    test(`ends the whole family ${name}, on record, and the owner is told`, async () => {
      app = await testApp();
      const ada = await person(app);
      const { body } = await refresh(ada.refreshToken);
      app.clock.advance(ms);
      const reused = await refresh(ada.refreshToken);
      expect([reused.status, reused.body.error.code]).toEqual([401, "INVALID_TOKEN"]);
      expect((await refresh(body.data.refreshToken)).status).toBe(401);
      expect(await lives(ada)).toBe(false);
      expect(await lives(ada, body.data.accessToken)).toBe(false);
      const events = await app.events();
      expect(events.filter((type) => type === "session.refresh_reused")).toHaveLength(1);
      expect(events).toContain("session.ended");
      const { subject } = (await lettersTo(app, ada.email)).at(-1)!;
      expect(subject).toBe("A session was ended");
    });

  test("ends the family at once when it is older than the one before", async () => {
    app = await testApp();
    const ada = await person(app);
    const second = (await refresh(ada.refreshToken)).body.data.refreshToken;
    await refresh(second);
    expect((await refresh(ada.refreshToken)).status).toBe(401);
    expect(await lives(ada)).toBe(false);
  });

  test("does not live on by the overlap: one that was got so ends with its generation", async () => {
    app = await testApp();
    const ada = await person(app);
    const mine = (await refresh(ada.refreshToken)).body.data.refreshToken;
    app.clock.advance(9000);
    const thiefs = (await refresh(ada.refreshToken)).body.data.refreshToken;
    app.clock.advance(60_000);
    await refresh(mine);
    app.clock.advance(60_000);
    expect((await refresh(thiefs)).status).toBe(401);
    expect(await lives(ada)).toBe(false);
  });
});

for (const [first, second] of [
  ["thief", "owner"],
  ["owner", "thief"],
])
  test(`${first} first and ${second} later: the ${second} is refused and nobody stays inside`, async () => {
    app = await testApp();
    const ada = await person(app);
    const got = await refresh(ada.refreshToken);
    app.clock.advance(3_600_000);
    expect((await refresh(ada.refreshToken)).status).toBe(401);
    expect((await refresh(got.body.data.refreshToken)).status).toBe(401);
  });

test("the end of one family leaves others alone", async () => {
  app = await testApp();
  const ada = await person(app);
  const bob = await person(app, "bob@example.org");
  await refresh(ada.refreshToken);
  app.clock.advance(60_000);
  await refresh(ada.refreshToken);
  expect(await lives(bob)).toBe(true);
});

test("an invented token is refused and ends nothing", async () => {
  app = await testApp();
  const ada = await person(app);
  for (const text of ["x", `way_rt_${"a".repeat(43)}`, ada.sessionId, ada.accessToken.slice(0, 100)])
    expect((await refresh(text)).status).toBe(401);
  expect(await lives(ada)).toBe(true);
});
