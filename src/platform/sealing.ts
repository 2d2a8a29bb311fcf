import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

/** Keeps secrets that must be read again (seeds, signing keys of others) unreadable in the database and its backups. */
export interface Sealing {
  /** `purpose` is part of the seal: what was sealed for one thing opens as nothing else. */
  seal(plain: string, purpose: string): string;
  /** @throws Error when the text was altered, or sealed by another key or for another purpose */
  open(text: string, purpose: string): string;
}

const FORM = "s1";

/** AES-256-GCM with a key of the key ring. */
export function openSealing(secret: string): Sealing {
  const key = createHash("sha256").update(`sealing\n${secret}`).digest();
  return {
    seal(plain, purpose) {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([
        nonce,
        cipher.update(plain, "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `${FORM}.${sealed.toString("base64url")}`;
    },
    open(text, purpose) {
      const [form, body = ""] = text.split(".");
      const sealed = Buffer.from(body, "base64url");
      if (form !== FORM || sealed.length < 28) throw new Error("this was not sealed here");
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(sealed.subarray(-16));
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString("utf8");
    },
  };
}
