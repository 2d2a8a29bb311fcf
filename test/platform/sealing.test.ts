import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyringError, newKeyring, openKeyring } from "../../src/platform/keyring.ts";
import { openSealer, Unsealable } from "../../src/platform/sealing.ts";

const folders: string[] = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), "waypost-ring-")));
  return folders.at(-1)!;
};
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

describe("the key ring", () => {
  test("is made once, for this user's eyes only, and read from then on", () => {
    const dir = folder();
    const made = openKeyring(dir);
    const again = openKeyring(dir);
    expect(again.sealing()).toEqual(made.sealing());
    expect([again.cursors, again.unsubscribe, again.audit]).toEqual([
      made.cursors,
      made.unsubscribe,
      made.audit,
    ]);
    expect(statSync(join(dir, "keys.json")).mode & 0o777).toBe(0o600);
  });

  test("of an earlier version gets what it lacks, and keeps what it has", () => {
    const dir = folder();
    const kept = { cursors: "c".repeat(43), unsubscribe: "u".repeat(43), of: "a later version" };
    writeFileSync(join(dir, "keys.json"), JSON.stringify(kept));
    const ring = openKeyring(dir);
    expect([ring.cursors, ring.unsubscribe]).toEqual([kept.cursors, kept.unsubscribe]);
    expect(ring.sealing()).toHaveLength(1);
    ring.addSealingKey();
    expect(JSON.parse(readFileSync(join(dir, "keys.json"), "utf8"))).toMatchObject(kept);
  });

  const damaged: readonly [string, string, string][] = [
    ["no JSON", "{", "is not JSON"],
    ["a list", "[]", "is not a key ring"],
    ["a short secret", `{"cursors":"short"}`, "cursors"],
    ["a short key", `{"sealing":[{"id":"abcd1234","secret":"short"}]}`, "sealing"],
    ["no keys", `{"sealing":[]}`, "sealing"],
    ["no signing keys", `{"signing":[]}`, "signing"],
    [
      "a signing key of two halves that are not one's",
      JSON.stringify({
        signing: [
          {
            kid: "sig_a",
            createdAt: 0,
            jwk: { kty: "OKP", crv: "Ed25519", d: "d".repeat(43), x: "x".repeat(43) },
          },
        ],
      }),
      "signing",
    ],
  ];
  for (const [what, text, told] of damaged)
    test(`that is damaged (${what}) is refused and left as it is`, () => {
      const dir = folder();
      writeFileSync(join(dir, "keys.json"), text);
      expect(() => openKeyring(dir)).toThrow(told);
      expect(() => openKeyring(dir)).toThrow(KeyringError);
      expect(readFileSync(join(dir, "keys.json"), "utf8")).toBe(text);
    });

  test("of the configuration is taken as it is, writes no file, and is not rotated here", () => {
    const dir = folder();
    const given = newKeyring();
    const ring = openKeyring(dir, given);
    expect(ring.cursors).toBe(JSON.parse(given).cursors);
    expect(() => ring.addSealingKey()).toThrow("WAYPOST_KEYRING");
    expect(() => statSync(join(dir, "keys.json"))).toThrow("ENOENT");
    const { audit: _, ...rest } = JSON.parse(given);
    expect(() => openKeyring(dir, JSON.stringify(rest))).toThrow("lacks audit");
  });
});

describe("what is sealed", () => {
  const sealer = () => openSealer(openKeyring(folder()));

  test("opens to the same text, and never looks the same twice", () => {
    const seal = sealer();
    for (const text of ["", "482913", "Grüße 👋\u0000\n", "x".repeat(100_000)]) {
      const one = seal.seal(text, "totp usr_1");
      expect(seal.open(one, "totp usr_1")).toBe(text);
      expect(seal.seal(text, "totp usr_1")).not.toBe(one);
      expect(one).toStartWith(seal.prefix());
    }
  });

  test("opens for nobody else", () => {
    const seal = sealer();
    const one = seal.seal("482913", "totp usr_1");
    expect(() => seal.open(one, "totp usr_2")).toThrow(Unsealable);
    expect(() => seal.open(one, "mail.body usr_1")).toThrow(Unsealable);
    expect(() => sealer().open(one, "totp usr_1")).toThrow("not on the key ring");
  });

  test("is refused when any of its characters was changed", () => {
    const seal = sealer();
    const one = seal.seal("482913", "totp");
    const bytes = Buffer.from(one.slice(seal.prefix().length), "base64url");
    for (let i = 0; i < bytes.length; i++) {
      const other = Buffer.from(bytes);
      other[i]! ^= 1;
      expect(() => seal.open(seal.prefix() + other.toString("base64url"), "totp")).toThrow(Unsealable);
      expect(() => seal.open(seal.prefix() + bytes.subarray(0, i).toString("base64url"), "totp")).toThrow(
        Unsealable,
      );
    }
    for (const text of ["", "482913", "v1.", one.replace("v1", "v2"), `${one}=`, ` ${one}`])
      expect(() => seal.open(text, "totp")).toThrow(Unsealable);
  });

  test("stays readable after a rotation, and what is new has the new key; a retired key opens nothing", () => {
    const dir = folder();
    const ring = openKeyring(dir);
    const seal = openSealer(ring);
    const [first] = ring.sealing();
    const old = seal.seal("old", "a");
    const added = ring.addSealingKey();
    expect(seal.prefix()).toBe(`v1.${added.id}.`);
    const fresh = seal.seal("new", "a");
    const restarted = openSealer(openKeyring(dir));
    for (const one of [seal, restarted])
      expect([one.open(old, "a"), one.open(fresh, "a")]).toEqual(["old", "new"]);
    expect(() => ring.removeSealingKey(added.id)).toThrow("Rotate first");
    ring.removeSealingKey(first!.id);
    expect(() => seal.open(old, "a")).toThrow(first!.id);
    expect(openSealer(openKeyring(dir)).open(fresh, "a")).toBe("new");
  });
});
