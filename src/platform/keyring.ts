import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const names = ["cursors", "unsubscribe", "sealing", "codes", "csrf", "devices"] as const;

/**
 * Secrets this installation made for itself: `cursors` seals those of lists, `unsubscribe` the links in mail, `sealing`
 * what must be read again, `codes` keys the hashes of what is short, `csrf` and `devices` sign what pages carry.
 */
export type Keyring = Readonly<Record<(typeof names)[number], string>>;

/** Reads `keys.json` in the data folder (0600), and makes what is missing. */
export function openKeyring(dataDir: string): Keyring {
  const kept = readKeys(dataDir);
  const missing = names.filter((name) => !kept[name]);
  const made = { ...kept, ...Object.fromEntries(missing.map((name) => [name, draw()])) } as Keyring;
  if (missing.length === 0) return made;
  writeKeys(dataDir, made);
  return made;
}

/** Everything in `keys.json`: whoever changes a part of it leaves the others. */
export const readKeys = (dataDir: string): Partial<Keyring> & Record<string, unknown> =>
  read(join(dataDir, "keys.json")) ?? {};

export function writeKeys(dataDir: string, keys: object): void {
  const path = join(dataDir, "keys.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

const draw = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

function read(path: string): Partial<Keyring> | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Partial<Keyring>;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new Error(
      `${path} cannot be read: ${(error as Error).message}. Restore it from a backup, or remove it.`,
    );
  }
}
