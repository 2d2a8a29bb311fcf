import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "../lib/errors.ts";
import { syncFolder } from "../lib/files.ts";
import { randomText } from "../lib/secrets.ts";

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

type Ring = Record<(typeof singles)[number], string> & { sealing: readonly RingKey[] };

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
  };
}

/** A whole new ring, as text: for those who keep it outside the data folder. */
export const newKeyring = (): string => `${JSON.stringify(filled({}), null, 2)}\n`;

const ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const newRingKey = (): RingKey => ({ id: randomText(8, ID_ALPHABET), secret: draw() });
const draw = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

const filled = (kept: Partial<Ring>): Ring => ({
  ...kept,
  ...(Object.fromEntries(singles.map((name) => [name, kept[name] ?? draw()])) as Omit<Ring, "sealing">),
  sealing: kept.sealing ?? [newRingKey()],
});

function completed(path: string): Ring {
  const kept = read(path);
  const ring = filled(kept);
  if (singles.some((name) => kept[name] === undefined) || kept.sealing === undefined) write(path, ring);
  return ring;
}

function complete(text: string): Ring {
  const ring = parsed(text, "WAYPOST_KEYRING");
  const missing = [...singles, "sealing" as const].filter((name) => ring[name] === undefined);
  if (missing.length > 0)
    throw new KeyringError(
      `WAYPOST_KEYRING lacks ${missing.join(", ")}. "waypost keyring new" prints a whole ring: take what is missing from there.`,
    );
  return ring as Ring;
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

/** Everything in `keys.json`: whoever changes a part of it leaves the others. */
export const readKeys = (dataDir: string): Partial<Ring> & Record<string, unknown> =>
  read(join(dataDir, "keys.json"));

export const writeKeys = (dataDir: string, keys: object): void =>
  write(join(dataDir, "keys.json"), keys as Ring);

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
  const { sealing } = ring;
  if (sealing === undefined) return ring as Partial<Ring>;
  if (!Array.isArray(sealing) || sealing.length === 0 || !sealing.every(isRingKey))
    throw wrong("has a damaged secret: sealing");
  if (new Set(sealing.map(({ id }) => id)).size !== sealing.length)
    throw wrong("names two sealing keys alike");
  return ring as Partial<Ring>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isLongText = (value: unknown): boolean => typeof value === "string" && value.length >= 32;
const isRingKey = (value: unknown): value is RingKey =>
  isRecord(value) &&
  typeof value["id"] === "string" &&
  /^[0-9a-z]{4,16}$/.test(value["id"]) &&
  typeof value["secret"] === "string" &&
  /^[A-Za-z0-9_-]{43}$/.test(value["secret"]);

const fromConfiguration = () =>
  new AppError(
    "CONFLICT",
    "The key ring comes from WAYPOST_KEYRING: change it there. A new sealing key goes behind the others first, in every process; then, in every process, before them.",
  );
