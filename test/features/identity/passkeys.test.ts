import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { type TestApp, testApp } from "../../support/app.ts";
import { type Lies, SoftAuthenticator } from "../../support/authenticator.ts";
import { lettersTo, person, signedInAs, type TestPerson } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const ORIGIN = "https://links.test";
const open = () => testApp({ env: { WAYPOST_BASE_URL: ORIGIN, WAYPOST_ACCESS_TOKEN_LIFE: "30d" } });
let from = 0;
const post = (path: string, body?: unknown) =>
  app.call("POST", path, {
    key: null,
    address: `203.0.113.${from++ % 250}`,
    ...(body === undefined ? {} : { body }),
  });

async function newChallenge(ada: TestPerson): Promise<string> {
  const { body, status } = await ada.call("POST", "/auth/passkeys/options");
  expect(status).toBe(200);
  return body.data.challenge;
}
const useChallenge = async (): Promise<string> =>
  (await post("/auth/passkeys/signin/options")).body.data.challenge;

async function added(ada: TestPerson, name = "Phone"): Promise<SoftAuthenticator> {
  const key = new SoftAuthenticator("links.test", ORIGIN, ada.id);
  const credential = key.create(await newChallenge(ada));
  const { status, text } = await ada.call("POST", "/auth/passkeys", { name, credential });
  expect([status, text]).toEqual([200, expect.anything()]);
  return key;
}
const signIn = (credential: unknown) => post("/auth/passkeys/signin", { credential, platform: "web" });

test("a passkey is made and opens a session without a password, second factor or not; the owner is told", async () => {
  app = await open();
  const ada = await person(app);
  const options = (await ada.call("POST", "/auth/passkeys/options")).body.data;
  expect(options.rp).toEqual({ name: "Waypost", id: "links.test" });
  expect(options.authenticatorSelection).toMatchObject({
    userVerification: "required",
    residentKey: "required",
  });
  expect(Buffer.from(options.challenge, "base64url")).toHaveLength(32);
  const key = await added(ada);
  const { users } = app.db.tables;
  await app.db.transaction((tx) => tx.update(users).set({ totpEnabledAt: 1, totpSecret: "x" }));
  const { status, body } = await signIn(key.get(await useChallenge()));
  expect(status).toBe(200);
  expect(body.data.user.id).toBe(ada.id);
  expect(body.data.session).toMatchObject({ method: "passkey", platform: "web" });
  expect((await lettersTo(app, ada.email)).map(({ subject }) => subject)).toContain("A passkey was added");
  const [listed] = (await ada.call("GET", "/auth/passkeys")).body.data;
  expect(listed).toMatchObject({ name: "Phone", backedUp: true, lastUsedAt: expect.any(String) });
});

/** Each is signed by the key itself: only what it says is wrong. */
const useLies: Record<string, Lies> = {
  "another origin": { origin: "https://evil.example" },
  "a sibling's origin": { origin: "https://evil.links.test" },
  "the origin without TLS": { origin: "http://links.test" },
  "another port": { origin: "https://links.test:8443" },
  "another host's hash": { rpId: "evil.example" },
  "the parent's hash": { rpId: "test" },
  "nobody present": { flags: 0x04 },
  "nobody verified": { flags: 0x01 },
  "neither present nor verified": { flags: 0 },
  "the type of a creation": { type: "webauthn.create" },
  "a type of nothing": { type: "" },
  "a stranger's signature": { signer: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey },
  "an RSA signature": { signer: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey },
  "another's handle": { userHandle: Buffer.from(`usr_${"0".repeat(26)}`).toString("base64url") },
  "no handle": { userHandle: null },
  "an empty handle": { userHandle: "" },
  "a challenge of its own": { challenge: "A".repeat(43) },
  "an empty challenge": { challenge: "" },
  "a counter that went back": { counter: 1 },
  "a counter of zero": { counter: 0 },
  "data cut short": { cut: 5 },
  "data cut to nothing": { cut: 36 },
  "an extension it does not carry": { flags: 0x85 },
  "a key it does not carry": { flags: 0x45 },
};

test("of mutants of a use none is taken, though the key itself signed them", async () => {
  app = await open();
  const ada = await person(app);
  const key = await added(ada);
  key.counter = 5;
  expect((await signIn(key.get(await useChallenge()))).status).toBe(200);
  for (const [name, lies] of Object.entries(useLies)) {
    const { status } = await signIn(key.get(await useChallenge(), lies));
    expect([name, status === 400 ? 401 : status]).toEqual([name, 401]);
  }
  const good = key.get(await useChallenge());
  const { response } = good;
  const changed: Record<string, object> = {
    "another id": { ...good, id: "AAAA", rawId: "AAAA" },
    "two ids": { ...good, rawId: "AAAA" },
    "a signature changed": {
      ...good,
      response: { ...response, signature: `${response.signature.slice(0, -4)}AAAA` },
    },
    "no signature": { ...good, response: { ...response, signature: "AA" } },
    "client data changed": {
      ...good,
      response: { ...response, clientDataJSON: `${response.clientDataJSON}AA` },
    },
    "client data that is none": { ...good, response: { ...response, clientDataJSON: "e30" } },
    "another type": { ...good, type: "password" },
    "an unknown field": { ...good, nobodyKnows: 1 },
  };
  for (const [name, credential] of Object.entries(changed)) {
    const { status } = await signIn(credential);
    expect([name, status === 400 ? 401 : status]).toEqual([name, 401]);
  }
  expect(Object.keys(useLies).length + Object.keys(changed).length).toBeGreaterThanOrEqual(25);
  // The control: the same machinery, telling the truth.
  expect((await signIn(key.get(await useChallenge()))).status).toBe(200);
}, 30_000);

test("of mutants of a creation none is taken", async () => {
  app = await open();
  const ada = await person(app);
  const lies: Record<string, Lies> = {
    "another origin": { origin: "https://evil.example" },
    "another host's hash": { rpId: "evil.example" },
    "nobody present": { flags: 0x04 },
    "nobody verified": { flags: 0x01 },
    "the type of a use": { type: "webauthn.get" },
    "a challenge of its own": { challenge: "B".repeat(43) },
    "an algorithm nobody asked for": { algorithm: -65535 },
    "ES512 over P-256": { algorithm: -36 },
    "a format nobody knows": { format: "novel" },
    "CBOR cut short": { cut: 20 },
    "CBOR cut to a third": { cut: 130 },
    "a key without its last byte": { cut: 1 },
    "a key without its last eight": { cut: 8 },
  };
  for (const [name, lie] of Object.entries(lies)) {
    const key = new SoftAuthenticator("links.test", ORIGIN, ada.id);
    const credential = key.create(await newChallenge(ada), lie);
    const { status } = await ada.call("POST", "/auth/passkeys", { name: "x", credential });
    expect([name, status === 400 ? 401 : status]).toEqual([name, 401]);
  }
  expect((await ada.call("GET", "/auth/passkeys")).body.data).toEqual([]);
  await added(ada);
});

test("a challenge is good once, for five minutes, for its own purpose and person", async () => {
  app = await open();
  const ada = await person(app);
  const eve = await person(app, "eve@example.org");
  const key = await added(ada);
  const challenge = await useChallenge();
  expect((await signIn(key.get(challenge))).status).toBe(200);
  expect((await signIn(key.get(challenge))).status).toBe(401);
  const spent = await useChallenge();
  expect((await signIn(key.get(spent, { origin: "https://evil.example" }))).status).toBe(401);
  expect((await signIn(key.get(spent))).status).toBe(401);
  expect((await signIn(key.get(await newChallenge(ada)))).status).toBe(401);
  const late = await useChallenge();
  app.clock.advance(5 * 60_000);
  expect((await signIn(key.get(late))).status).toBe(401);
  const eves = new SoftAuthenticator("links.test", ORIGIN, eve.id);
  const stolen = eves.create(await newChallenge(ada));
  expect((await eve.call("POST", "/auth/passkeys", { name: "x", credential: stolen })).status).toBe(401);
  const wrongKind = eves.create(await useChallenge());
  expect((await eve.call("POST", "/auth/passkeys", { name: "x", credential: wrongKind })).status).toBe(401);
});

test("of two answers with one count one opens", async () => {
  app = await open();
  const key = await added(await person(app));
  const [one, two] = [await useChallenge(), await useChallenge()];
  const answers = await Promise.all([
    signIn(key.get(one, { counter: 9 })),
    signIn(key.get(two, { counter: 9 })),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test("a passkey of one account opens no other, and is added to none twice", async () => {
  app = await open();
  const ada = await person(app);
  const eve = await person(app, "eve@example.org");
  const key = await added(ada);
  const again = new SoftAuthenticator("links.test", ORIGIN, eve.id);
  Object.assign(again, { id: key.id });
  const credential = again.create(await newChallenge(eve));
  expect((await eve.call("POST", "/auth/passkeys", { name: "x", credential })).status).toBe(401);
  const handle = Buffer.from(eve.id).toString("base64url");
  expect((await signIn(key.get(await useChallenge(), { userHandle: handle }))).status).toBe(401);
});

test("passkeys are renamed and removed by their owner; a removed one opens nothing, and the owner is told", async () => {
  app = await open();
  const ada = await person(app);
  const eve = await person(app, "eve@example.org");
  const key = await added(ada);
  const [{ id }] = (await ada.call("GET", "/auth/passkeys")).body.data;
  expect((await ada.call("PATCH", `/auth/passkeys/${id}`, { name: " Yubi " })).body.data.name).toBe("Yubi");
  for (const method of ["PATCH", "DELETE"]) {
    const body = method === "PATCH" ? { name: "x" } : undefined;
    const foreign = await eve.call(method, `/auth/passkeys/${id}`, body);
    const missing = await eve.call(method, `/auth/passkeys/pk_${"0".repeat(26)}`, body);
    expect([foreign.status, foreign.body.error]).toEqual([404, missing.body.error]);
  }
  expect((await ada.call("DELETE", `/auth/passkeys/${id}`)).status).toBe(200);
  expect((await signIn(key.get(await useChallenge()))).status).toBe(401);
  expect((await lettersTo(app, ada.email)).at(-1)!.subject).toBe("A passkey was removed");
});

test("a passkey confirms what is dangerous, its owner's alone", async () => {
  app = await open();
  const ada = await person(app);
  const key = await added(ada);
  const eves = await added(await person(app, "eve@example.org"));
  app.clock.advance(11 * 60_000);
  expect((await ada.call("DELETE", "/auth/passkeys/pk_x")).status).toBe(403);
  expect((await ada.call("POST", "/auth/confirm", { passkey: eves.get(await useChallenge()) })).status).toBe(
    401,
  );
  expect((await ada.call("POST", "/auth/confirm", { passkey: key.get(await useChallenge()) })).status).toBe(
    200,
  );
  expect((await ada.call("DELETE", "/auth/passkeys/pk_x")).status).toBe(404);
});

test("where there is no name there are no passkeys, and it is said what to do", async () => {
  app = await testApp({ env: { WAYPOST_BASE_URL: "http://127.0.0.1:8080" } });
  const ada = await person(app);
  const { status, body } = await ada.call("POST", "/auth/passkeys/options");
  expect([status, body.message]).toEqual([403, expect.stringContaining("WAYPOST_BASE_URL")]);
});

test("a password still opens the account, and its owner hears of a device that was not seen before", async () => {
  app = await open();
  const ada = await person(app);
  await added(ada);
  await signedInAs(app, ada.email);
  expect((await lettersTo(app, ada.email)).at(-1)!.subject).toBe("A new sign-in");
});
