import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Keyring } from "./keyring.ts";

/** Keeps secrets that must be read again, so that who has the database, or a backup of it, does not have them. */
export interface Sealer {
  /**
   * Seals a text with the newest key. `purpose` is part of the seal: name what it is for, and whose (`totp usr_…`), and
   * a sealed text put anywhere else opens nothing.
   */
  seal(plain: string, purpose: string): string;
  /** @throws Unsealable for any other purpose, an altered text, and one whose key is not on the ring */
  open(sealed: string, purpose: string): string;
  /** The beginning of everything that the newest key has sealed. */
  prefix(): string;
}

/** A sealed text that cannot be opened. The message says why, and nothing of it. */
export class Unsealable extends Error {
  override readonly name = "Unsealable";
}

const FORM = /^v1\.([0-9a-z]{4,16})\.([A-Za-z0-9_-]{38,})$/;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D): `v1.<key id>.<base64url of nonce, ciphertext, tag>`. Every purpose has a key of its
 * own, by HKDF-SHA-256 (RFC 5869) from the ring's, so that nonces drawn by chance never come near meeting.
 */
export function openSealer(ring: Pick<Keyring, "sealing">): Sealer {
  const prefix = () => `v1.${ring.sealing()[0]!.id}.`;
  return {
    prefix,
    seal(plain, purpose) {
      const { secret } = ring.sealing()[0]!;
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const cipher = createCipheriv("aes-256-gcm", derived(secret, purpose), nonce);
      cipher.setAAD(Buffer.from(prefix() + purpose));
      const sealed = [nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()];
      return prefix() + Buffer.concat(sealed).toString("base64url");
    },
    open(sealed, purpose) {
      const [, id = "", payload = ""] = FORM.exec(sealed) ?? [];
      if (id === "") throw new Unsealable("This is not a sealed text.");
      const key = ring.sealing().find((one) => one.id === id);
      if (!key) throw new Unsealable(`It was sealed with the key ${id}, which is not on the key ring.`);
      const bytes = Buffer.from(payload, "base64url");
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const opener = createDecipheriv("aes-256-gcm", derived(key.secret, purpose), nonce, {
          authTagLength: TAG_BYTES,
        });
        opener.setAAD(Buffer.from(`v1.${id}.${purpose}`));
        opener.setAuthTag(bytes.subarray(-TAG_BYTES));
        const plain = opener.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([plain, opener.final()]).toString("utf8");
      } catch (cause) {
        throw new Unsealable(
          `It was altered, or sealed for something else, or with another key named ${id}.`,
          { cause },
        );
      }
    },
  };
}

const derived = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64url"), "", `waypost sealing\n${purpose}`, 32));

/** Whether a text was sealed, whatever with. */
export const isSealed = (text: string): boolean => FORM.test(text);
