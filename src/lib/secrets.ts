import { timingSafeEqual } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

/** Secret, publishable and extension keys. */
export type KeyLetters = "sk" | "pk" | "ek";

/**
 * An API key: `way_sk_live_` + 32 characters of chance (190 bits) + 6 of checksum (CRC-32 of all before, base 62),
 * so that a mistyped or invented key is told from a real one without asking the database.
 */
export const newApiKey = (environment: "live" | "test", letters: KeyLetters = "sk"): string =>
  checked(`way_${letters}_${environment}_`);

/** A person's own token, in the same form: `way_pt_…`. */
export const newPersonalToken = (): string => checked("way_pt_");

/** What scanners for leaked secrets look for; `docs/keys.md` publishes it. */
export const SECRET_PATTERN = /\bway_(?:(?:sk|pk|ek)_(?:live|test)|pt)_[0-9A-Za-z]{38}\b/;

const WHOLE = new RegExp(`^${SECRET_PATTERN.source}$`);

/** True for texts that `newApiKey` or `newPersonalToken` could have made. */
export function isApiKey(text: string): boolean {
  if (!WHOLE.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return checksum(body) === text.slice(-CHECKSUM_LENGTH);
}

export const isPersonalToken = (text: string): boolean => text.startsWith("way_pt_") && isApiKey(text);

function checked(prefix: string): string {
  const body = prefix + randomText(SECRET_LENGTH, ALPHABET);
  return body + checksum(body);
}

function checksum(text: string): string {
  let rest = Bun.hash.crc32(text);
  let out = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    out = ALPHABET.charAt(rest % 62) + out;
    rest = Math.floor(rest / 62);
  }
  return out;
}

/** Text of chance from an alphabet of at most 256 characters, without bias. */
export function randomText(length: number, alphabet: string): string {
  const fair = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length)
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2)))
      if (byte < fair && text.length < length) text += alphabet.charAt(byte % alphabet.length);
  return text;
}

/** SHA-256, hex. For secrets of high entropy, and for telling texts apart; passwords take Argon2id. */
export const hashOf = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** HMAC-SHA-256. */
export const macOf = (secret: string, text: string, as: "hex" | "base64url" = "hex"): string =>
  new Bun.CryptoHasher("sha256", secret).update(text).digest(as);

/** Compares without telling by its time how much was right. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [hashOf(a), hashOf(b)].map((hash) => Buffer.from(hash));
  return timingSafeEqual(left!, right!);
}
