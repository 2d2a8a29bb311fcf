import { createPrivateKey, generateKeyPairSync, hkdfSync, type KeyObject } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "../lib/errors.ts";
import { syncFolder } from "../lib/files.ts";
import { hashOf, randomText } from "../lib/secrets.ts";

const singles = ["cursors", "unsubscribe", "audit", "codes", "csrf", "devices"] as const;

/**
 * Secrets this installation made for itself. `cursors` seals those of lists, `unsubscribe` the links in mail, `audit`
 * the chain of the audit log; `codes` keys the hashes of what is short, `csrf` and `devices` sign what pages carry. Those that rotate are lists, the newest first: it is the one that seals.
 */
export interface Keyring extends Readonly<Record<(typeof singles)[number], string>> {
  /** Keys of 256 bits for what is kept sealed; never empty. */
  sealing(): readonly RingKey[];
  /** Puts a new key before the others. It is on the disk when this returns. @throws AppError CONFLICT when the ring comes from the configuration */
  addSealingKey(): RingKey;
  /** Takes a key off that nothing is sealed with. @throws AppError CONFLICT like above, and for the newest */
  removeSealingKey(id: string): void;
  /** Keys of access tokens as the disk has them now, for another process may have changed them; never empty. */
  signing(): readonly SigningKey[];
  /**
   * Puts a new key before the others, and takes those off whose tokens are all over.
   * @param tokenLifeMs what a token lives at most; 0 takes all others off at once
   * @throws AppError CONFLICT when the ring comes from the configuration
   */
  addSigningKey(now: number, tokenLifeMs: number): void;
}

/** An Ed25519 key as a JWK (RFC 8037). */
export interface SigningKey {
  readonly kid: string;
  /** In milliseconds; 0 for the first. */
  readonly createdAt: number;
  readonly jwk: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly d: string; readonly x: string };
}

export interface RingKey {
  /** Eight characters; they stand before whatever the key has sealed. */
  readonly id: string;
  /** 32 bytes, base64url. */
  readonly secret: string;
}

/** The key ring cannot be used. The message says what is wrong with it, and shows none of it. */
export class KeyringError extends Error {
  override readonly name = "KeyringError";
}

type Ring = Record<(typeof singles)[number], string> & {
  sealing: readonly RingKey[];
  signing: readonly SigningKey[];
};

/**
 * The ring of `keys.json` in the data folder (0600), with what is missing made; or the one the configuration gives,
 * which is not changed, and which several processes on one database share.
 * @throws KeyringError
 */
export function openKeyring(dataDir: string, given: string | null = null): Keyring {
  const path = join(dataDir, "keys.json");
  let ring = given === null ? completed(path) : complete(given);
  const replace = (sealing: readonly RingKey[]) => {
    if (given !== null) throw fromConfiguration();
    // Whoever edits the file while we run loses nothing of it.
    ring = { ...ring, ...read(path), sealing };
    write(path, ring);
  };
  return {
    cursors: ring.cursors,
    unsubscribe: ring.unsubscribe,
    audit: ring.audit,
    codes: ring.codes,
    csrf: ring.csrf,
    devices: ring.devices,
    sealing: () => ring.sealing,
    addSealingKey() {
      const key = newRingKey();
      replace([key, ...ring.sealing]);
      return key;
    },
    removeSealingKey(id) {
      if (ring.sealing[0]?.id === id)
        throw new AppError("CONFLICT", "This key seals what is new. Rotate first, then retire it.");
      replace(ring.sealing.filter((key) => key.id !== id));
    },
    signing: () => (given === null ? newestFirst(read(path).signing ?? ring.signing) : ring.signing),
    addSigningKey(now, tokenLifeMs) {
      if (given !== null) throw fromConfiguration();
      const kept = read(path);
      const before = newestFirst(kept.signing ?? ring.signing);
      // A key signed until its successor was made.
      const alive = before.filter((_, at) => (before[at - 1]?.createdAt ?? now) + tokenLifeMs > now);
      // Clocks are set back; the newest stays the newest.
      const createdAt = Math.max(now, before[0]!.createdAt + 1);
      ring = { ...ring, ...kept, signing: [newSigningKey(createdAt), ...alive] };
      write(path, ring);
    },
  };
}

/** Versions of before wrote the newest last. */
const newestFirst = (keys: readonly SigningKey[]) => keys.toSorted((a, b) => b.createdAt - a.createdAt);

/** A whole new ring, as text: for those who keep it outside the data folder. */
export const newKeyring = (): string => `${JSON.stringify(filled({}), null, 2)}\n`;

const ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const newRingKey = (): RingKey => ({ id: randomText(8, ID_ALPHABET), secret: draw() });
const draw = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

function newSigningKey(createdAt: number): SigningKey {
  const kid = `sig_${randomText(16, ID_ALPHABET)}`;
  return { kid, createdAt, jwk: jwkOf(generateKeyPairSync("ed25519").privateKey) };
}

/**
 * A signing key for rings that were given before they held any. Whoever has the same sealing key makes the same one,
 * so that processes on one ring agree, and it turns when that turns.
 */
function derivedSigningKey({ secret }: RingKey): SigningKey {
  const seed = hkdfSync("sha256", Buffer.from(secret, "base64url"), "", "waypost signing", 32);
  const jwk = jwkOf(createPrivateKey({ key: pkcs8Of(seed), format: "der", type: "pkcs8" }));
  return { kid: `sig_${hashOf(jwk.x).slice(0, 16)}`, createdAt: 0, jwk };
}

/** The form that Ed25519 seeds are read in (RFC 8410). */
const pkcs8Of = (seed: ArrayBuffer): Buffer =>
  Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed)]);

function jwkOf(key: KeyObject): SigningKey["jwk"] {
  const { d, x } = key.export({ format: "jwk" });
  if (d === undefined || x === undefined) throw new Error("Ed25519 keys have both parts");
  return { kty: "OKP", crv: "Ed25519", d, x };
}

const filled = (kept: Partial<Ring>): Ring => ({
  ...kept,
  ...(Object.fromEntries(singles.map((name) => [name, kept[name] ?? draw()])) as Omit<
    Ring,
    "sealing" | "signing"
  >),
  sealing: kept.sealing ?? [newRingKey()],
  signing: kept.signing ?? [newSigningKey(0)],
});

function completed(path: string): Ring {
  const kept = read(path);
  const ring = filled(kept);
  if ([...singles, "sealing" as const, "signing" as const].some((name) => kept[name] === undefined))
    write(path, ring);
  return ring;
}

function complete(text: string): Ring {
  const ring = parsed(text, "WAYPOST_KEYRING");
  const missing = [...singles, "sealing" as const].filter((name) => ring[name] === undefined);
  if (missing.length > 0)
    throw new KeyringError(
      `WAYPOST_KEYRING lacks ${missing.join(", ")}. "waypost keyring new" prints a whole ring: take what is missing from there.`,
    );
  const { sealing, signing } = ring as Ring;
  return { ...(ring as Ring), signing: signing ?? sealing.map(derivedSigningKey) };
}

/** What `keys.json` holds; nothing when there is none yet. */
function read(path: string): Partial<Ring> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return {};
    throw new KeyringError(`${path} cannot be read: ${(error as Error).message}.`);
  }
  return parsed(text, path);
}

/** A rotated key must outlive a power cut before anything is sealed with it. */
function write(path: string, ring: Ring): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(ring, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  syncFolder(dirname(path));
}

function parsed(text: string, where: string): Partial<Ring> {
  const wrong = (what: string) =>
    new KeyringError(`${where} ${what}. Restore it from a backup; without it, what it sealed is lost.`);
  let ring: unknown;
  try {
    ring = JSON.parse(text);
  } catch {
    throw wrong("is not JSON");
  }
  if (!isRecord(ring)) throw wrong("is not a key ring");
  for (const name of singles)
    if (ring[name] !== undefined && !isLongText(ring[name])) throw wrong(`has a damaged secret: ${name}`);
  const { sealing, signing } = ring;
  if (signing !== undefined && !isListOf(signing, isSigningKey)) throw wrong("has a damaged secret: signing");
  if (sealing !== undefined && !isListOf(sealing, isRingKey)) throw wrong("has a damaged secret: sealing");
  for (const [name, ids] of [
    ["sealing", sealing?.map(({ id }) => id)],
    ["signing", signing?.map(({ kid }) => kid)],
  ] as const)
    if (new Set(ids).size !== (ids?.length ?? 0)) throw wrong(`names two ${name} keys alike`);
  return ring as Partial<Ring>;
}

const isListOf = <T>(value: unknown, isOne: (one: unknown) => one is T): value is T[] =>
  Array.isArray(value) && value.length > 0 && value.every(isOne);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isLongText = (value: unknown): boolean => typeof value === "string" && value.length >= 32;
const isRingKey = (value: unknown): value is RingKey =>
  isRecord(value) &&
  typeof value["id"] === "string" &&
  /^[0-9a-z]{4,16}$/.test(value["id"]) &&
  typeof value["secret"] === "string" &&
  /^[A-Za-z0-9_-]{43}$/.test(value["secret"]);
const isSigningKey = (value: unknown): value is SigningKey => {
  if (!isRecord(value) || !isRecord(value["jwk"])) return false;
  const { kid, createdAt, jwk } = value;
  if (typeof kid !== "string" || !/^[\w-]{1,64}$/.test(kid) || !Number.isSafeInteger(createdAt)) return false;
  const { d } = jwk;
  if (typeof d !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(d)) return false;
  const seed = new Uint8Array(Buffer.from(d, "base64url")).buffer;
  const whole = jwkOf(createPrivateKey({ key: pkcs8Of(seed), format: "der", type: "pkcs8" }));
  return Bun.deepEquals(jwk, whole);
};

const fromConfiguration = () =>
  new AppError(
    "CONFLICT",
    "The key ring comes from WAYPOST_KEYRING: change it there. A new sealing key goes behind the others first, in every process; then, in every process, before them. A new signing key likewise.",
  );
