import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { TOTP } from "otpauth";
import { type TestApp, testApp } from "../../support/app.ts";
import {
  codeTo,
  lettersTo,
  PASSWORD,
  person,
  signedInAs,
  type TestPerson,
  tokenTo,
} from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const STEP_MS = 30_000;
/** What the app on the phone shows, `steps` of thirty seconds from now. */
const shown = (secret: string, steps = 0): string =>
  new TOTP({ secret, digits: 6, period: 30 }).generate({ timestamp: app.clock.now() + steps * STEP_MS });
/** Another code than any the drift allows. */
const wrongFor = (secret: string): string => {
  const near = [-1, 0, 1].map((steps) => shown(secret, steps));
  return ["000000", "111111", "222222", "333333"].find((code) => !near.includes(code))!;
};

async function enrolled(ada: TestPerson): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { body } = await ada.call("POST", "/auth/totp/enrol");
  const { secret } = body.data;
  const enabled = await ada.call("POST", "/auth/totp/enable", { code: shown(secret) });
  expect(enabled.status).toBe(200);
  app.clock.advance(2 * STEP_MS);
  return { secret, recoveryCodes: enabled.body.data.recoveryCodes };
}

let from = 0;
const post = (path: string, body: unknown) =>
  app.call("POST", path, { key: null, address: `203.0.113.${from++ % 250}`, body });
async function challenge(email = "ada@example.org"): Promise<string> {
  const { body } = await post("/auth/signin", {
    email,
    password: PASSWORD,
    platform: "app",
    device: "phone",
  });
  expect([body.data.accessToken, body.data.refreshToken, body.data.user, body.data.session]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  return body.data.secondFactor.challenge;
}
const verify = (challenge: string, more: object) => post("/auth/totp/verify", { challenge, ...more });

test("the codes are those of RFC 6238: its own vectors", async () => {
  app = await testApp();
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const totp = new TOTP({ secret, digits: 8, period: 30 });
  for (const [seconds, code] of [
    [59, "94287082"],
    [1_111_111_109, "07081804"],
    [20_000_000_000, "65353130"],
  ] as const)
    expect(totp.generate({ timestamp: seconds * 1000 })).toBe(code);
});

describe("a second factor", () => {
  test("is asked for once its first code was right, and the session keeps what the first step said", async () => {
    app = await testApp();
    const ada = await person(app);
    const { body } = await ada.call("POST", "/auth/totp/enrol");
    expect(body.data.uri).toStartWith("otpauth://totp/Waypost");
    expect((await signedInAs(app, ada.email)).id).toBe(ada.id);
    const wrong = await ada.call("POST", "/auth/totp/enable", { code: wrongFor(body.data.secret) });
    expect(wrong.status).toBe(401);
    const { secret } = await enrolled(ada);
    const first = await challenge();
    const done = await verify(first, { code: shown(secret) });
    expect(done.status).toBe(200);
    expect(done.body.data.session).toMatchObject({ method: "password", platform: "app", device: "phone" });
    expect((await verify(first, { code: shown(secret, 1) })).status).toBe(401);
    expect((await lettersTo(app, ada.email)).map(({ subject }) => subject)).toContain(
      "Second factor switched on",
    );
  });

  test("takes the step before and the one after, and no other", async () => {
    app = await testApp();
    const { secret } = await enrolled(await person(app));
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [0, 200],
      [1, 200],
    ] as const) {
      expect([steps, (await verify(await challenge(), { code: shown(secret, steps) })).status]).toEqual([
        steps,
        status,
      ]);
    }
  });

  test("takes no code twice: not in its window, not in parallel, not after a restart", async () => {
    app = await testApp();
    const { secret } = await enrolled(await person(app));
    const challenges: string[] = [];
    for (let at = 0; at < 20; at++) challenges.push(await challenge());
    const code = shown(secret);
    const answers = await Promise.all(challenges.map((one) => verify(one, { code })));
    // Ten tries are free, and one more: the rest has to wait. None but one was right.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    app.clock.advance(STEP_MS);
    // Still within the drift, and the step before the next one: what stands in the database says it was taken.
    expect((await verify(await challenge(), { code })).status).toBe(401);
    const [user] = await app.db.read.select().from(app.db.tables.users);
    expect(user!.totpLastStep).toBe(Math.floor((app.clock.now() - STEP_MS) / STEP_MS));
  }, 60_000);

  test("takes no code twice in two processes, at once or one after the other", async () => {
    app = await testApp();
    const { secret } = await enrolled(await person(app));
    const other = await testApp({ beside: app });
    const at = (one: TestApp, challenge: string) =>
      one.call("POST", "/auth/totp/verify", {
        key: null,
        address: `203.0.113.${from++ % 250}`,
        body: { challenge, code: shown(secret) },
      });
    const [one, two, three] = [await challenge(), await challenge(), await challenge()];
    const answers = await Promise.all([at(app, one), at(other, two)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await at(other, three)).status).toBe(401);
    app.clock.advance(STEP_MS);
    // The control: the next code opens there.
    expect((await at(other, await challenge())).status).toBe(200);
    await other.close();
  });

  /** The long form is REPLAYS=1000. */
  const REPLAYS = Number(process.env["REPLAYS"] ?? 15);
  test(
    `refuses ${REPLAYS} replays, each with a challenge of its own`,
    async () => {
      app = await testApp();
      const { secret } = await enrolled(await person(app));
      let accepted = 0;
      for (let round = 0; round < REPLAYS; round++) {
        const [first, second] = [await challenge(), await challenge()];
        const code = shown(secret);
        expect([round, (await verify(first, { code })).status]).toEqual([round, 200]);
        accepted += (await verify(second, { code })).status === 200 ? 1 : 0;
        // Long enough for the tries of the day to be forgotten.
        app.clock.advance(86_400_000);
      }
      expect(accepted).toBe(0);
    },
    60_000 + REPLAYS * 2000,
  );

  test("gives a challenge five tries and the account fifty a day", async () => {
    app = await testApp();
    const { secret } = await enrolled(await person(app));
    const one = await challenge();
    for (let at = 0; at < 5; at++) expect((await verify(one, { code: wrongFor(secret) })).status).toBe(401);
    expect((await verify(one, { code: shown(secret) })).status).toBe(401);
    let evaluated = 5;
    for (let at = 0; at < 400; at++) {
      const { proofs } = app.db.tables;
      if (at % 5 === 0)
        await app.db.transaction((tx) => tx.update(proofs).set({ tries: 0, expiresAt: 9e15 }));
      const { status } = await verify(one, { code: wrongFor(secret) });
      evaluated += status === 401 ? 1 : 0;
      app.clock.advance(200_000);
    }
    expect(evaluated).toBeLessThanOrEqual(50);
  }, 60_000);

  test("is over after ten minutes, and belongs to its own account", async () => {
    app = await testApp();
    const ada = await enrolled(await person(app));
    await enrolled(await person(app, "eve@example.org"));
    const eves = await challenge("eve@example.org");
    expect((await verify(eves, { code: shown(ada.secret) })).status).toBe(401);
    expect((await verify(eves, { recoveryCode: ada.recoveryCodes[0] })).status).toBe(401);
    const late = await challenge();
    app.clock.advance(10 * 60_000);
    expect((await verify(late, { code: shown(ada.secret) })).status).toBe(401);
  });

  test("cannot be skipped by a mailed code or a new password", async () => {
    app = await testApp();
    const { secret } = await enrolled(await person(app));
    const asked = await post("/auth/otp/request", { email: "ada@example.org" });
    const code = await codeTo(app, "ada@example.org");
    const byCode = await post("/auth/otp/verify", { challenge: asked.body.data.challenge, code });
    expect(byCode.body.data.accessToken).toBeNull();
    expect(byCode.body.data.secondFactor.methods).toEqual(["totp", "recoveryCode"]);
    const open = await challenge();
    await post("/auth/password/forgot", { email: "ada@example.org" });
    const token = await tokenTo(app, "ada@example.org");
    const reset = await post("/auth/password/reset", { token, password: `${PASSWORD}-anew` });
    expect(reset.body.data).toEqual({ done: true });
    // Half a sign-in from before is void.
    expect((await verify(open, { code: shown(secret) })).status).toBe(401);
    const { body } = await post("/auth/signin", { email: "ada@example.org", password: `${PASSWORD}-anew` });
    expect(body.data.accessToken).toBeNull();
    expect((await verify(body.data.secondFactor.challenge, { code: shown(secret) })).status).toBe(200);
  });

  test("is kept sealed: neither the seed nor a recovery code stands in the database", async () => {
    app = await testApp();
    const { secret, recoveryCodes } = await enrolled(await person(app));
    const kept = JSON.stringify([
      await app.db.read.select().from(app.db.tables.users),
      await app.db.read.select().from(app.db.tables.recoveryCodes),
      await app.db.read.select().from(app.db.tables.events),
      await app.db.read.select().from(app.db.tables.mails),
    ]);
    for (const one of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll("-", ""))])
      expect(kept).not.toContain(one);
  });

  test("is taken away with its recovery codes, by who has just proved who they are", async () => {
    app = await testApp();
    const ada = await person(app);
    await enrolled(ada);
    expect((await ada.call("DELETE", "/auth/totp")).status).toBe(200);
    expect((await signedInAs(app, ada.email)).id).toBe(ada.id);
    expect(await app.db.read.select().from(app.db.tables.recoveryCodes)).toHaveLength(0);
    expect((await ada.call("DELETE", "/auth/totp")).status).toBe(409);
  });
});

describe("recovery codes", () => {
  test("are ten, each opens once, however it is written, and the owner is told", async () => {
    app = await testApp();
    const { recoveryCodes } = await enrolled(await person(app));
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^([2-9a-z]{4}-){3}[2-9a-z]{4}$/);
    const written = ` ${recoveryCodes[0]!.replaceAll("-", "").toUpperCase()} `;
    expect((await verify(await challenge(), { recoveryCode: written })).status).toBe(200);
    expect((await verify(await challenge(), { recoveryCode: recoveryCodes[0] })).status).toBe(401);
    expect((await verify(await challenge(), { recoveryCode: recoveryCodes[1] })).status).toBe(200);
    expect((await lettersTo(app, "ada@example.org")).map(({ subject }) => subject)).toContain(
      "A recovery code was used",
    );
  });

  test("used by several at once open one session", async () => {
    app = await testApp();
    const { recoveryCodes } = await enrolled(await person(app));
    const challenges: string[] = [];
    for (let at = 0; at < 6; at++) challenges.push(await challenge());
    const answers = await Promise.all(
      challenges.map((one) => verify(one, { recoveryCode: recoveryCodes[0] })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("that are made anew make the others void", async () => {
    app = await testApp();
    const ada = await person(app);
    const { recoveryCodes } = await enrolled(ada);
    const { body } = await ada.call("POST", "/auth/totp/recovery-codes");
    expect(body.data.recoveryCodes).toHaveLength(10);
    expect((await verify(await challenge(), { recoveryCode: recoveryCodes[0] })).status).toBe(401);
    expect((await verify(await challenge(), { recoveryCode: body.data.recoveryCodes[0] })).status).toBe(200);
  });
});
