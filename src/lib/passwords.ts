import { pbkdf2, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { AppError } from "./errors.ts";

/** Hashes and verifies passwords, a few at once, on threads that are not the one that answers visitors. */
export interface Passwords {
  /** Argon2id in PHC form. @throws AppError RATE_LIMITED when too many wait */
  hash(password: string): Promise<string>;
  /**
   * Whether it is the password, exactly as it was typed. Without a hash it takes as long and says no, so that nobody
   * learns which accounts exist. @throws AppError RATE_LIMITED when too many wait
   */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** True for a hash made by others, or by us when we asked for less. */
  isOutdated(hash: string): boolean;
}

/** OWASP asks for 19 MiB and 2 passes at least; this is RFC 9106's second choice and takes about 0.2 s. */
const MEMORY_KIB = 65_536;
const PASSES = 2;

export interface PasswordsOptions {
  /** Each takes a core and 64 MiB for the time of it. One core stays with the visitors. */
  readonly atOnce?: number;
  /** More are told to come back later. */
  readonly waitingMax?: number;
}

export function openPasswords(options: PasswordsOptions = {}): Passwords {
  const { atOnce = Math.min(2, Math.max(1, availableParallelism() - 1)), waitingMax = 32 } = options;
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax)
        throw new AppError("RATE_LIMITED", "Too many people sign in at this moment. Try again shortly.", {
          headers: { "retry-after": "5" },
        });
      await new Promise<void>((next) => waiting.push(next));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  return {
    hash: (password) =>
      inTurn(() =>
        Bun.password.hash(password, { algorithm: "argon2id", memoryCost: MEMORY_KIB, timeCost: PASSES }),
      ),
    verify: (password, hash) =>
      inTurn(async () => (await verifyAny(password, hash ?? NOBODYS)) && hash !== null),
    isOutdated(hash) {
      const [, memory, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),/.exec(hash) ?? [];
      return !(Number(memory) >= MEMORY_KIB && Number(passes) >= PASSES);
    },
  };
}

/** A hash with our parameters of a password that nobody knows. */
const NOBODYS =
  "$argon2id$v=19$m=65536,t=2,p=1$gDYUuz/jyTPcQkNprZ4uY0drtIWta5pzxOGFPviEWpo$Z6W6WmrzdVAvxjJixx2NjBMV5HDVrOB+1aVYF+mbXQc";

/** Ours, bcrypt, and Django's PBKDF2: what accounts from elsewhere bring. */
function verifyAny(password: string, hash: string): Promise<boolean> {
  const [scheme, rounds, salt, sum] = hash.split("$");
  if (scheme === "pbkdf2_sha256" && rounds && salt && sum)
    return verifyPbkdf2(password, salt, Number(rounds), Buffer.from(sum, "base64"));
  return Bun.password.verify(password, hash);
}

const verifyPbkdf2 = (password: string, salt: string, rounds: number, sum: Buffer): Promise<boolean> =>
  new Promise((resolve, reject) =>
    pbkdf2(password, salt, rounds, sum.length, "sha256", (error, derived) =>
      error ? reject(error) : resolve(timingSafeEqual(derived, sum)),
    ),
  );
