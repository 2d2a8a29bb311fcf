import { hash } from "node:crypto";
import { macOf, sameText } from "../lib/secrets.ts";

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

/** All of an event but where it came from, which is proved together with it. */
export interface EventFacts {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly type: string;
  readonly actorKind: string;
  readonly actorId: string;
  readonly keyId: string | null;
  readonly requestId: string | null;
  readonly subjectId: string;
  readonly createdAt: number;
  readonly dataProof: string | null;
}

/** Before the salt of a proof that is keyed; salts themselves never begin so. */
const KEYED = "~";

/**
 * The proof of an event's origin, and that we recorded the event: a MAC over all of it, keyed with a secret that is not
 * in the database. Whoever can write to that alone cannot put an event in before it is sealed. `~salt.mac`, base64url.
 */
export function eventProof(secret: string, facts: EventFacts, origin: string): string {
  const salt = KEYED + newSalt();
  return `${salt}.${eventMac(secret, salt, facts, origin)}`;
}

/** False for proofs of versions that did not key them: `proves` looks at those. */
export const isKeyedProof = (proof: string): boolean => proof.startsWith(KEYED);

export function provesEvent(secret: string, facts: EventFacts, proof: string, origin: string): boolean {
  const [salt = ""] = proof.split(".");
  return isKeyedProof(proof) && sameText(proof, `${salt}.${eventMac(secret, salt, facts, origin)}`);
}

function eventMac(secret: string, salt: string, facts: EventFacts, origin: string): string {
  const { id, workspaceId, type, actorKind, actorId, keyId, requestId, subjectId, createdAt } = facts;
  const data = hashIn(facts.dataProof ?? "");
  const whole = [id, workspaceId, type, actorKind, actorId, keyId, requestId, subjectId, createdAt, data];
  return macOf(secret, `waypost audit event\n${salt}\n${JSON.stringify(whole)}\n${origin}`, "base64url");
}
