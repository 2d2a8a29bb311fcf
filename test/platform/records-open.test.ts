import { afterAll, beforeAll, expect, test } from "bun:test";
import { TOTP } from "otpauth";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import { SoftAuthenticator } from "../support/authenticator.ts";
import { undocumented } from "../support/matrix.ts";
import { type Api, newPerson, readApi } from "../support/operations.ts";
import { codeTo, PASSWORD, person, type TestPerson, tokenTo } from "../support/people.ts";

/** What is open to everybody is on record like everything else: `records.test.ts` has what asks for a permission. */
let app: TestApp;
let api: Api;
let ada: TestPerson;
const ORIGIN = "https://links.test";
const EMAIL = "ada@example.org";
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_BASE_URL: ORIGIN, WAYPOST_SIGNUP: "open" } });
  api = await readApi(app);
  ada = await person(app, EMAIL);
}, 30_000);
afterAll(() => app.close());

let from = 0;
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  app.call("POST", path, {
    key: null,
    address: `203.0.113.${from++ % 250}`,
    headers: { "user-agent": "curl/8", ...headers },
    ...(body === undefined ? {} : { body }),
  });

async function seedOf(them: TestPerson): Promise<TOTP> {
  const totp = new TOTP({ secret: (await them.call("POST", "/auth/totp/enrol")).body.data.secret });
  await them.call("POST", "/auth/totp/enable", { code: shown(totp) });
  app.clock.advance(60_000);
  return totp;
}
const shown = (totp: TOTP): string => totp.generate({ timestamp: app.clock.now() });

async function secondFactor(code?: string) {
  const them = await newPerson(app);
  const totp = await seedOf(them);
  const half = await post("/auth/signin", { email: them.email, password: PASSWORD });
  return { challenge: half.body.data.secondFactor.challenge, code: code ?? shown(totp) };
}

async function assertion() {
  const key = new SoftAuthenticator("links.test", ORIGIN, ada.id);
  const made = (await ada.call("POST", "/auth/passkeys/options")).body.data.challenge;
  await ada.call("POST", "/auth/passkeys", { name: "x", credential: key.create(made) });
  return {
    credential: key.get((await post("/auth/passkeys/signin/options", undefined)).body.data.challenge),
  };
}

async function mailedCode() {
  const asked = await post("/auth/otp/request", { email: EMAIL });
  return { challenge: asked.body.data.challenge, code: await codeTo(app, EMAIL) };
}

async function letterAfter(path: string, body: { email: string }) {
  await post(path, body);
  return tokenTo(app, body.email);
}

async function invitation() {
  const { data } = (await app.call("GET", "/workspace")).body;
  await app.call("POST", `/workspaces/${data.id}/invites`, { body: { email: "invited@example.org" } });
  return tokenTo(app, "invited@example.org");
}

async function changeOfAddress() {
  const them = await newPerson(app);
  await them.call("POST", "/auth/email/change", { email: "changed@example.org" });
  return tokenTo(app, "changed@example.org");
}

const signedUp = { email: "new@example.org", password: PASSWORD };

/** Each operation, its body, and all that is on record of it, letters apart. */
const doings: readonly (readonly [
  operation: string,
  path: string,
  body: () => Promise<unknown>,
  records: readonly string[],
])[] = [
  ["signIn", "/auth/signin", async () => ({ email: EMAIL, password: PASSWORD }), ["session.created"]],
  ["signIn", "/auth/signin", async () => ({ email: EMAIL, password: "wrong" }), ["user.sign_in_failed"]],
  [
    "signIn",
    "/auth/signin",
    async () => ({ email: "no@example.org", password: "x" }),
    ["user.sign_in_failed"],
  ],
  [
    "refreshToken",
    "/auth/refresh-token",
    async () => ({ refreshToken: ada.refreshToken }),
    ["session.refreshed"],
  ],
  ["requestCode", "/auth/otp/request", async () => ({ email: EMAIL }), ["user.letter_asked"]],
  ["verifyCode", "/auth/otp/verify", mailedCode, ["session.created"]],
  [
    "verifyCode",
    "/auth/otp/verify",
    async () => ({ ...(await mailedCode()), code: "00000000" }),
    ["user.sign_in_failed"],
  ],
  ["signUp", "/auth/signup", async () => signedUp, ["user.letter_asked"]],
  [
    "verifyEmail",
    "/auth/email/verify",
    async () => ({ token: await letterAfter("/auth/signup", signedUp) }),
    ["user.created", "workspace.created"],
  ],
  [
    "confirmEmail",
    "/auth/email/confirm",
    async () => ({ token: await changeOfAddress() }),
    ["user.email_change_confirmed"],
  ],
  ["forgotPassword", "/auth/password/forgot", async () => ({ email: EMAIL }), ["user.letter_asked"]],
  ["verifyTotp", "/auth/totp/verify", () => secondFactor(), ["session.created"]],
  ["verifyTotp", "/auth/totp/verify", () => secondFactor("000000"), ["user.sign_in_failed"]],
  ["passkeyOptions", "/auth/passkeys/signin/options", async () => undefined, ["user.challenge_drawn"]],
  ["signInByPasskey", "/auth/passkeys/signin", assertion, ["session.created"]],
  [
    "acceptInviteByToken",
    "/invites/accept",
    async () => ({ token: await invitation(), password: PASSWORD }),
    ["user.created", "workspace.created", "member.created", "invite.accepted"],
  ],
  [
    "resetPassword",
    "/auth/password/reset",
    async () => ({
      token: await letterAfter("/auth/password/forgot", { email: EMAIL }),
      password: "another-quiet-harbour-43",
    }),
    ["user.password_changed", "session.ended"],
  ],
];

test.each(doings.map((one, at) => [one[0], at, ...one.slice(1)] as const))(
  "%s, %#, leaves one entry of each thing that it does, with where it came from and no secret, and tells what it says it tells",
  async (_, at) => {
    const [operation, path, body, records] = doings[at]!;
    const sent = await body();
    const requestId = `open-${at}`;
    const answer = await post(path, sent, { "x-request-id": requestId });
    // A failed sign-in is not kept waiting for its entry.
    await app.app.denials.settled();
    expect(undocumented(api, api.operations.find(({ id }) => id === operation)!, answer)).toEqual([]);
    const { data } = (await app.operate("GET", `/audit?requestId=${requestId}&limit=100`)).body;
    const entries = data.filter(({ type }: { type: string }) => type !== "mail.queued");
    const types = new Set(entries.map(({ type }: { type: string }) => type));
    expect([operation, [...types].sort()]).toEqual([operation, records.toSorted()]);
    for (const entry of entries)
      expect(entry).toMatchObject({ requestId, network: "203.0.113.0/24", userAgent: "curl/8" });
    // Names are told of what was made; secrets never.
    const { password, refreshToken, token, code, challenge } = (sent ?? {}) as Record<string, string>;
    for (const secret of [password, refreshToken, token, code, challenge])
      if (secret && secret.length > 5) expect(JSON.stringify(data)).not.toContain(secret);
  },
  30_000,
);

test("every open operation that changes something is among those that are tried", () => {
  const open = api.operations.filter(({ method, permission }) => permission === null && method !== "GET");
  // Setup is tried by itself, and looking at an invitation changes nothing.
  const apart = ["setUp", "lookAtInvite"];
  expect([...new Set(doings.map(([id]) => id)), ...apart].sort()).toEqual(open.map(({ id }) => id).sort());
});
