import { pbkdf2Sync, timingSafeEqual } from "node:crypto";
import type { HashAnswer, HashTask } from "./passwords.ts";
import { standBack } from "./stand-back.ts";

declare const self: Worker;

/**
 * Hashes one password after the other. It is a thread of its own because Linux gives threads priorities: this one waits
 * for whoever answers visitors, where there are not cores enough for both.
 */
standBack();

self.onmessage = ({ data }: MessageEvent<HashTask>) => {
  const { password } = data;
  let answer: HashAnswer;
  try {
    answer =
      data.kind === "hash"
        ? { hash: Bun.password.hashSync(password, { algorithm: "argon2id", ...data.cost }) }
        : { isRight: verifyAny(password, data.hash) };
  } catch (error) {
    answer = { failure: (error as Error).message };
  }
  self.postMessage(answer);
};

/** Ours, bcrypt, and Django's PBKDF2: what accounts from elsewhere bring. */
function verifyAny(password: string, hash: string): boolean {
  const [scheme, rounds, salt, sum] = hash.split("$");
  if (scheme !== "pbkdf2_sha256" || !rounds || !salt || !sum) return Bun.password.verifySync(password, hash);
  const wanted = Buffer.from(sum, "base64");
  return timingSafeEqual(pbkdf2Sync(password, salt, Number(rounds), wanted.length, "sha256"), wanted);
}
