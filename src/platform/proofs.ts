import { hash } from "node:crypto";
import { sameText } from "../lib/secrets.ts";

const SALT_BYTES = 16;

/**
 * What binds a text to the chain of the audit log without being it: `salt.hash`, both base64url. The chain is made of
 * proofs, so that a text can be erased later. Its salt goes with it, without which the hash tells nothing of what it
 * was, however little there was to guess.
 */
export function proofFor(text: string): string {
  const salt = newSalt();
  return `${salt}.${saltedHash(salt, text)}`;
}

/** Chance for many salts: to ask for a few bytes costs as much as for many. */
const stock = Buffer.alloc(SALT_BYTES * 256);
let taken = stock.length;

function newSalt(): string {
  if (taken === stock.length) {
    crypto.getRandomValues(stock);
    taken = 0;
  }
  taken += SALT_BYTES;
  return stock.toString("base64url", taken - SALT_BYTES, taken);
}

const saltedHash = (salt: string, text: string): string =>
  hash("sha256", `waypost audit\n${salt}\n${text}`, "base64url");

/** What stays of a proof for good, and stands in the chain. */
export const hashIn = (proof: string): string => proof.slice(proof.indexOf(".") + 1);

/** The proof of what was erased. */
export const erasedProof = (proof: string): string => `.${hashIn(proof)}`;
export const isErasedProof = (proof: string): boolean => proof.startsWith(".");

/** Whether the text is still the one it was. */
export function proves(proof: string, text: string): boolean {
  const [salt = ""] = proof.split(".");
  return salt !== "" && sameText(proof, `${salt}.${saltedHash(salt, text)}`);
}
