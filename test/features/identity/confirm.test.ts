import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { TOTP } from "otpauth";
import { type TestApp, testApp } from "../../support/app.ts";
import { codeTo, PASSWORD, person, type TestPerson } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

/** Everything here that a borrowed session must not do. */
const dangerous: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ["POST", "/auth/email/change", { email: "new@example.org" }],
  ["POST", "/auth/password/change", { password: "another-lantern-77-harbour" }],
  ["POST", "/auth/totp/enrol"],
  ["POST", "/auth/totp/enable", { code: "000000" }],
  ["POST", "/auth/totp/recovery-codes"],
  ["DELETE", "/auth/totp"],
  ["POST", "/auth/passkeys/options"],
  ["DELETE", "/auth/passkeys/pk_x"],
  ["DELETE", "/user", {}],
];

const isAsked = async (ada: TestPerson, [method, path, body]: (typeof dangerous)[number]) => {
  const answer = await ada.call(method, path, body);
  return answer.status === 403 && answer.body.message.includes("/auth/confirm");
};

test("whatever is dangerous asks again, with a session of yesterday and one of ten minutes ago", async () => {
  app = await testApp({ env: { WAYPOST_ACCESS_TOKEN_LIFE: "30d" } });
  const ada = await person(app);
  app.clock.advance(10 * 60_000 + 1);
  for (const one of dangerous) expect([one, await isAsked(ada, one)]).toEqual([one, true]);
  app.clock.advance(86_400_000);
  for (const one of dangerous) expect([one, await isAsked(ada, one)]).toEqual([one, true]);
  // The control: a proof opens all of them.
  expect((await ada.call("POST", "/auth/confirm", { password: PASSWORD })).status).toBe(200);
  for (const one of dangerous) expect([one, await isAsked(ada, one)]).toEqual([one, false]);
});

test("a refresh is no proof", async () => {
  app = await testApp();
  const ada = await person(app);
  app.clock.advance(11 * 60_000);
  const { body } = await app.call("POST", "/auth/refresh-token", {
    key: null,
    body: { refreshToken: ada.refreshToken },
  });
  ada.accessToken = body.data.accessToken;
  expect(await isAsked(ada, dangerous[0]!)).toBe(true);
});

test("a password, a mailed code and a code of the app each prove it, for ten minutes, on this session alone", async () => {
  app = await testApp();
  const ada = await person(app);
  const { body } = await ada.call("POST", "/auth/totp/enrol");
  const totp = new TOTP({ secret: body.data.secret });
  const shown = () => totp.generate({ timestamp: app.clock.now() });
  expect((await ada.call("POST", "/auth/totp/enable", { code: shown() })).status).toBe(200);
  const ways: (() => Promise<object>)[] = [
    async () => ({ password: PASSWORD }),
    async () => ({ totp: shown() }),
    async () => {
      const asked = await ada.call("POST", "/auth/confirm/code");
      return { challenge: asked.body.data.challenge, code: await codeTo(app, ada.email) };
    },
  ];
  for (const way of ways) {
    app.clock.advance(11 * 60_000);
    expect(await isAsked(ada, dangerous[0]!)).toBe(true);
    const answer = await ada.call("POST", "/auth/confirm", await way());
    expect(answer.status).toBe(200);
    expect(Date.parse(answer.body.data.provedAt)).toBe(app.clock.now());
    expect(await isAsked(ada, dangerous[0]!)).toBe(false);
  }
  expect((await app.events()).filter((type) => type === "session.confirmed")).toHaveLength(3);
});

test("what proves nothing is refused: wrong, another's, used, or two at once", async () => {
  app = await testApp();
  const ada = await person(app);
  const eve = await person(app, "eve@example.org");
  app.clock.advance(11 * 60_000);
  const asked = await eve.call("POST", "/auth/confirm/code");
  const eves = { challenge: asked.body.data.challenge, code: await codeTo(app, "eve@example.org") };
  for (const [body, status] of [
    [{ password: "wrong" }, 401],
    [{ totp: "000000" }, 401],
    [eves, 401],
    [{ code: "00000000" }, 400],
    [{}, 400],
    [{ password: PASSWORD, totp: "000000" }, 400],
  ] as const)
    expect([body, (await ada.call("POST", "/auth/confirm", body)).status]).toEqual([body, status]);
  expect(await isAsked(ada, dangerous[0]!)).toBe(true);
  expect((await eve.call("POST", "/auth/confirm", eves)).status).toBe(200);
  expect((await eve.call("POST", "/auth/confirm", eves)).status).toBe(401);
});

test("a borrowed session cannot try passwords without end", async () => {
  app = await testApp();
  const ada = await person(app);
  let compared = 0;
  for (let at = 0; at < 60; at++)
    compared += (await ada.call("POST", "/auth/confirm", { password: "wrong" })).status === 401 ? 1 : 0;
  expect(compared).toBeLessThanOrEqual(11);
}, 30_000);
