import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHmac, createPrivateKey, generateKeyPairSync, sign as signWith } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newKeyring, openKeyring } from "../../src/platform/keyring.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { person, signedInAs, type TestPerson } from "../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
let ada: TestPerson;
let header: Record<string, unknown>;
let claims: Record<string, unknown>;
beforeAll(async () => {
  app = await testApp();
  ada = await person(app);
  [header, claims] = ada.accessToken
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString())) as [typeof header, typeof claims];
});
afterAll(() => app.close());

const ring = () =>
  (
    JSON.parse(readFileSync(join(app.dataDir, "keys.json"), "utf8")) as {
      signing: { kid: string; jwk: never }[];
    }
  ).signing;
const key = () => createPrivateKey({ key: ring()[0]!.jwk, format: "jwk" });
const encoded = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** A token signed by the installation's own key, whatever it says. */
const ours = (head: unknown, body: unknown, by = key()): string => {
  const text = `${encoded(head)}.${encoded(body)}`;
  return `${text}.${signWith(null, Buffer.from(text), by).toString("base64url")}`;
};
const hmac = (head: unknown, body: unknown, secret: string | Buffer): string => {
  const text = `${encoded(head)}.${encoded(body)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};
const asked = async (token: string) => {
  const { status, body } = await app.call("GET", "/auth/session", { key: token });
  return { status, code: body?.error?.code as string | undefined };
};

/** Every mutant, by name. The control below shows that the same machinery makes tokens that are taken. */
function mutants(): Record<string, string> {
  const [h, c, s] = ada.accessToken.split(".") as [string, string, string];
  const stranger = generateKeyPairSync("ed25519").privateKey;
  const publicX = (ring()[0] as unknown as { jwk: { x: string } }).jwk.x;
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const now = app.clock.now() / 1000;
  const made: Record<string, string> = {};
  for (const alg of ["none", "None", "nOnE", "NONE", ""]) {
    made[`alg ${alg || "empty"}, no signature`] = `${encoded({ ...header, alg })}.${c}.`;
    made[`alg ${alg || "empty"}, our signature`] = ours({ ...header, alg }, claims);
    made[`alg ${alg || "empty"}, a letter for a signature`] = `${encoded({ ...header, alg })}.${c}.x`;
  }
  for (const alg of ["HS256", "HS384", "HS512"]) {
    made[`${alg} with the public key as text`] = hmac({ ...header, alg }, claims, publicX);
    made[`${alg} with the public key as bytes`] = hmac(
      { ...header, alg },
      claims,
      Buffer.from(publicX, "base64url"),
    );
    made[`${alg} with nothing`] = hmac({ ...header, alg }, claims, "");
  }
  for (const alg of ["RS256", "PS256", "ES256", "ES512", "Ed448", "EdDSA ", "eddsa", "RSA-OAEP", "dir"])
    made[`alg ${alg}`] = ours({ ...header, alg }, claims);
  made["an RSA signature"] = (() => {
    const text = `${encoded({ ...header, alg: "RS256" })}.${c}`;
    return `${text}.${signWith("sha256", Buffer.from(text), pem.privateKey).toString("base64url")}`;
  })();
  made["ES256 with r and s of zero"] =
    `${encoded({ ...header, alg: "ES256" })}.${c}.${encoded("\0".repeat(64))}`;
  made["EdDSA of zeros"] = `${h}.${c}.${Buffer.alloc(64).toString("base64url")}`;
  made["a stranger's key"] = ours(header, claims, stranger);
  for (const [name, kid] of Object.entries({
    traversal: "../../../../dev/null",
    sql: "x' or '1'='1",
    url: "https://evil.example/keys.json",
    empty: "",
    null: null,
    number: 0,
    list: [header["kid"]],
    object: {},
    prototype: "__proto__",
    constructor: "constructor",
    longer: `${String(header["kid"])}x`,
    spaced: ` ${String(header["kid"])}`,
  }))
    made[`kid ${name}`] = ours({ ...header, kid }, claims);
  made["kid left out"] = ours({ alg: "EdDSA", typ: "at+jwt" }, claims);
  const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  for (const more of [
    { jwk },
    { jwk, kid: "mine" },
    { jku: "https://evil.example/jwks" },
    { x5u: "https://evil.example/cert" },
    { x5c: ["MIIB"] },
  ]) {
    const name = Object.keys(more).join(" and ");
    made[`${name}, signed by its key`] = ours({ ...header, ...more }, claims, stranger);
  }
  made["crit unknown"] = ours({ ...header, crit: ["exp-ms"], "exp-ms": 1 }, claims);
  made["crit empty"] = ours({ ...header, crit: [] }, claims);
  made["b64 false"] = ours({ ...header, crit: ["b64"], b64: false }, claims);
  for (const typ of ["JWT", "jwt", "id_token+jwt", "refresh+jwt", null, ""])
    made[`typ ${typ}`] = ours({ ...header, typ }, claims);
  const said = (more: object) => ours(header, { ...claims, ...more });
  made["exp left out"] = said({ exp: undefined });
  made["exp past"] = said({ exp: now - 1 });
  made["exp now"] = said({ exp: Math.floor(now) });
  made["exp text"] = said({ exp: String(claims["exp"]) });
  made["exp null"] = said({ exp: null });
  made["exp of a list"] = said({ exp: [9e9] });
  made["exp negative"] = said({ exp: -1 });
  made["nbf future"] = said({ nbf: now + 3600 });
  made["nbf text"] = said({ nbf: "0" });
  made["iat left out"] = said({ iat: undefined });
  made["iat text"] = said({ iat: "0" });
  made["jti left out"] = said({ jti: undefined });
  for (const iss of [
    undefined,
    null,
    "",
    "urn:waypost:other",
    "https://links.test",
    [claims["iss"], "x"],
    {},
  ])
    made[`iss ${JSON.stringify(iss)}`] = said({ iss });
  for (const aud of [undefined, null, "", "other", ["other"], {}, "waypost-api "])
    made[`aud ${JSON.stringify(aud)}`] = said({ aud });
  made["another subject"] = said({ sub: `usr_${"0".repeat(26)}` });
  made["no subject"] = said({ sub: undefined });
  made["a session that never was"] = said({ sid: `ses_${"0".repeat(26)}` });
  made["no session"] = said({ sid: undefined });
  made["a session of another kind"] = said({ sid: 1 });
  made["claims that are a list"] = ours(header, [claims]);
  made["claims that are text"] = ours(header, `"${String(claims["sub"])}"`);
  made["claims that are nothing"] = ours(header, "");
  made["a header that is a list"] = ours([header], claims);
  made["duplicate claims, the last one wrong"] = ours(
    header,
    `${JSON.stringify(claims).slice(0, -1)},"sub":"usr_${"0".repeat(26)}"}`,
  );
  made["a megabyte"] = said({ pad: "x".repeat(1_000_000) });
  made["trailing bytes"] = `${ada.accessToken}AA`;
  made["a fourth part"] = `${ada.accessToken}.x`;
  made["an empty fourth part"] = `${ada.accessToken}.`;
  made["no signature"] = `${h}.${c}`;
  made["an empty signature"] = `${h}.${c}.`;
  made["padding"] = `${ada.accessToken}==`;
  made["the other alphabet"] = `${h}.${c}.${Buffer.from(s, "base64url").toString("base64")}`;
  made["idle bits set"] = `${h}.${c}.${s.slice(0, -1)}${twin(s.at(-1)!)}`;
  made["half a signature"] = `${h}.${c}.${s.slice(0, 43)}`;
  made["a signature twice"] = `${h}.${c}.${s}${s}`;
  made["parts swapped"] = `${c}.${h}.${s}`;
  for (const at of [
    0,
    Math.floor(h.length / 2),
    h.length + 5,
    h.length + c.length - 3,
    ada.accessToken.length - 9,
  ])
    made[`a letter changed at ${at}`] = changedAt(ada.accessToken, at);
  return made;
}

/** The last letter of 64 bytes carries four bits that mean nothing. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const twin = (letter: string): string => LETTERS.charAt(LETTERS.indexOf(letter) ^ 1);
const changedAt = (text: string, at: number): string =>
  `${text.slice(0, at)}${text.charAt(at) === "A" ? "B" : "A"}${text.slice(at + 1)}`;

test("of more than eighty mutants of an access token none is taken, and none is our fault", async () => {
  const made = Object.entries(mutants());
  expect(made.length).toBeGreaterThanOrEqual(80);
  for (const [name, token] of made) {
    const { status } = await asked(token);
    expect([name, status]).toEqual([name, 401]);
  }
});

test("twenty that are as they should be are taken, those made by the tests' own hands among them", async () => {
  for (let at = 0; at < 10; at++) {
    const { accessToken } = await signedInAs(app, ada.email);
    expect([at, (await asked(accessToken)).status]).toEqual([at, 200]);
  }
  for (let at = 0; at < 10; at++) {
    const token = ours(header, {
      ...claims,
      jti: `by-hand-${at}`,
      aud: at % 2 ? "waypost-api" : ["x", "waypost-api"],
    });
    expect([at, (await asked(token)).status]).toEqual([at, 200]);
  }
});

test("the ring turns under a running server: new tokens by the new key, old ones good as long as they live", async () => {
  const own = await testApp();
  try {
    const bob = await person(own, "bob@example.org");
    const before = bob.accessToken;
    own.clock.advance(2000);
    openKeyring(own.dataDir).addSigningKey(own.clock.now(), 86_400_000);
    const file = join(own.dataDir, "keys.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const keys = (JSON.parse(readFileSync(file, "utf8")) as { signing: { kid: string }[] }).signing;
    expect(keys).toHaveLength(2);
    expect((await own.call("GET", "/auth/session", { key: before })).status).toBe(200);
    // A process that was started since signs with the new key, and this one takes what it signed.
    const { openSigning } = await import("../../src/platform/signing.ts");
    const [installation] = await own.db.read.select().from(own.db.tables.installation);
    const other = await openSigning({
      keyring: openKeyring(own.dataDir),
      clock: own.clock,
      installationId: installation!.installationId,
    });
    const token = await other.sign({
      userId: bob.id,
      sessionId: bob.sessionId,
      expiresAt: own.clock.now() + 60_000,
    });
    expect(JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()).kid).toBe(keys[0]!.kid);
    expect((await own.call("GET", "/auth/session", { key: token })).status).toBe(200);
    // Once tokens of the first key are all over, it goes.
    openKeyring(own.dataDir).addSigningKey(own.clock.now() + 86_400_001, 86_400_000);
    const left = (JSON.parse(readFileSync(file, "utf8")) as { signing: { kid: string }[] }).signing;
    expect(left.map(({ kid }) => kid)).not.toContain(keys[1]!.kid);
    expect(left).toHaveLength(2);
  } finally {
    await own.close();
  }
});

test("processes that share WAYPOST_KEYRING and no folder take each other's access tokens, and a ring of before signing keys too", async () => {
  const whole = newKeyring();
  const { signing: _, ...before } = JSON.parse(whole) as { signing: unknown };
  for (const [name, given] of [
    ["whole", whole],
    ["of before", JSON.stringify(before)],
  ] as const) {
    const env = { WAYPOST_KEYRING: given };
    const one = await testApp({ env });
    const other = await testApp({ env, beside: one });
    try {
      expect(existsSync(join(one.dataDir, "keys.json"))).toBe(false);
      const bob = await person(one, "bob@example.org");
      const { accessToken } = await signedInAs(other, bob.email);
      for (const [app, key] of [
        [one, bob.accessToken],
        [other, bob.accessToken],
        [one, accessToken],
        [other, accessToken],
      ] as const)
        expect([name, (await app.call("GET", "/auth/session", { key })).status]).toEqual([name, 200]);
    } finally {
      await other.close();
      await one.close();
    }
  }
});

test("a ring given before signing keys turns them with its sealing keys, the one behind verifying only", () => {
  const { signing: _, ...ring } = JSON.parse(newKeyring()) as { signing: unknown; sealing: unknown[] };
  const next = (JSON.parse(newKeyring()) as { sealing: unknown[] }).sealing;
  const kids = (sealing: unknown[]) =>
    openKeyring("/nowhere", JSON.stringify({ ...ring, sealing }))
      .signing()
      .map(({ kid }) => kid);
  const [a, b] = [kids(ring.sealing), kids(next)];
  expect(a).not.toEqual(b);
  expect(kids([...ring.sealing, ...next])).toEqual([...a, ...b]);
  expect(kids([...next, ...ring.sealing])).toEqual([...b, ...a]);
});

test("a key taken off the ring by hand signs nobody in a second later, tokens seen before among them", async () => {
  const own = await testApp();
  try {
    const bob = await person(own, "bob@example.org");
    const status = async (key: string) => (await own.call("GET", "/auth/session", { key })).status;
    expect(await status(bob.accessToken)).toBe(200);
    openKeyring(own.dataDir).addSigningKey(own.clock.now(), 86_400_000);
    const file = join(own.dataDir, "keys.json");
    const kept = JSON.parse(readFileSync(file, "utf8")) as { signing: unknown[] };
    writeFileSync(file, JSON.stringify({ ...kept, signing: kept.signing.slice(0, 1) }));
    own.clock.advance(1000);
    expect(await status(bob.accessToken)).toBe(401);
    expect(await status((await signedInAs(own, bob.email)).accessToken)).toBe(200);
  } finally {
    await own.close();
  }
});
