import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Secrets this installation made for itself. */
export interface Keyring {
  /** Seals the cursors of lists. */
  readonly cursors: string;
}

/** Reads `keys.json` in the data folder (0600), and makes it the first time. */
export function openKeyring(dataDir: string): Keyring {
  const path = join(dataDir, "keys.json");
  const kept = read(path);
  if (kept?.cursors) return { cursors: kept.cursors };
  const made = {
    ...kept,
    cursors: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url"),
  };
  writeFileSync(`${path}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return made;
}

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
