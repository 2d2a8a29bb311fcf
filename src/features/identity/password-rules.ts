import { readFileSync } from "node:fs";
import { invalid } from "../../lib/errors.ts";
// 49,193 passwords from leaks, most of them from zxcvbn's lists: sorted, lower case, a line each, zstd.
import listPath from "./common-passwords.zst" with { type: "file" };

/** Whom a password must not simply name. */
export interface Owner {
  readonly email: string;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
}

/** Decoration that people put around a common word, and guessers too. */
const DECORATION_MAX = 6;
const WORD_MIN = 4;

/**
 * Refuses what is guessed first: passwords from leaks, the same with digits around them, one's own name, and the same
 * few characters over and over. There are no rules of composition (NIST SP 800-63B, 3.1.1.2).
 * @throws AppError VALIDATION_ERROR naming `path`
 */
export function checkPassword(password: string, owner: Owner, path = "/password"): void {
  const lower = password.toLowerCase();
  const bare = lower.replace(/^[\d\W_]+|[\d\W_]+$/g, "");
  const isDecorated = bare.length >= WORD_MIN && lower.length - bare.length <= DECORATION_MAX;
  const has = openList();
  if (has(lower) || (isDecorated && has(bare)))
    throw invalid(path, "password is among those that are guessed first: choose another");
  if (new Set(lower).size < 4) throw invalid(path, "password repeats a few characters: choose another");
  const own = ownWords(owner).find(
    (word) => lower.includes(word) && lower.length - word.length <= DECORATION_MAX,
  );
  if (own !== undefined) throw invalid(path, "password is your name or address: choose another");
}

function ownWords({ email, firstName, lastName }: Owner): string[] {
  const [local = "", domain = ""] = email.toLowerCase().split("@");
  const words = [email, local, domain, domain.split(".")[0], firstName, lastName, "waypost"];
  return words.flatMap((word) => (word && word.length >= WORD_MIN ? [word.toLowerCase()] : []));
}

/** Read anew each time: it is asked for when somebody chooses a password, and 400 kB are not kept for that. */
function openList(): (word: string) => boolean {
  const lines = Buffer.from(Bun.zstdDecompressSync(readFileSync(listPath)));
  return (word) => !word.includes("\n") && lines.includes(`\n${word}\n`);
}
