import { availableParallelism } from "node:os";
import { AppError } from "./errors.ts";

/** Hashes and verifies passwords, a few at once, on threads that wait for the one that answers visitors. */
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
const COST = { memoryCost: 65_536, timeCost: 2 } as const;

export type HashTask =
  | { readonly kind: "hash"; readonly password: string; readonly cost: typeof COST }
  | { readonly kind: "verify"; readonly password: string; readonly hash: string };
export type HashAnswer =
  | { readonly hash: string }
  | { readonly isRight: boolean }
  | { readonly failure: string };

export interface PasswordsOptions {
  /** Each takes a core and 64 MiB for the time of it. One core stays with the visitors. */
  readonly atOnce?: number;
  /** More are told to come back later, and so is whoever has waited for so long. */
  readonly waitingMax?: number;
  readonly waitMaxMs?: number;
}

/** A thread that had nothing to do for so long goes: most of the time nobody signs in. */
const IDLE_MS = 5000;

export function openPasswords(options: PasswordsOptions = {}): Passwords {
  const {
    atOnce = Math.min(2, Math.max(1, availableParallelism() - 1)),
    waitingMax = 32,
    waitMaxMs = 10_000,
  } = options;
  const waiting: (() => void)[] = [];
  const idle: { readonly worker: Worker; readonly timer: Timer }[] = [];
  let running = 0;

  async function inTurn(task: HashTask): Promise<HashAnswer> {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) throw tooMany();
      await turn();
    } else running++;
    try {
      return await onThread(task);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  /** On a busy machine a hash takes seconds: nobody hashes for who has been told long ago that it did not work. */
  function turn(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(next), 1);
      reject(tooMany());
    }, waitMaxMs);
    waiting.push(next);
    return promise;
  }

  async function onThread(task: HashTask): Promise<HashAnswer> {
    const worker = take();
    try {
      const answer = await ask(worker, task);
      give(worker);
      return answer;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  function take(): Worker {
    const last = idle.pop();
    if (last === undefined)
      return new Worker(new URL("./passwords-worker.ts", import.meta.url), { ref: true });
    clearTimeout(last.timer);
    last.worker.ref();
    return last.worker;
  }

  function give(worker: Worker): void {
    // It keeps nobody from leaving.
    worker.unref();
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((one) => one.worker === worker),
        1,
      );
      worker.terminate();
    }, IDLE_MS);
    timer.unref();
    idle.push({ worker, timer });
  }

  return {
    async hash(password) {
      const answer = await inTurn({ kind: "hash", password, cost: COST });
      if ("hash" in answer) return answer.hash;
      throw new Error(`a password was not hashed: ${"failure" in answer ? answer.failure : "no answer"}`);
    },
    async verify(password, hash) {
      const answer = await inTurn({ kind: "verify", password, hash: hash ?? NOBODYS });
      if ("isRight" in answer) return answer.isRight && hash !== null;
      throw new Error(`a password was not compared: ${"failure" in answer ? answer.failure : "no answer"}`);
    },
    isOutdated(hash) {
      const [, memory, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),/.exec(hash) ?? [];
      return !(Number(memory) >= COST.memoryCost && Number(passes) >= COST.timeCost);
    },
  };
}

const tooMany = () =>
  new AppError("RATE_LIMITED", "Too many people sign in at this moment. Try again shortly.", {
    headers: { "retry-after": "5" },
  });

const ask = (worker: Worker, task: HashTask): Promise<HashAnswer> =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(task);
  });

/** A hash with our parameters of a password that nobody knows. */
const NOBODYS =
  "$argon2id$v=19$m=65536,t=2,p=1$gDYUuz/jyTPcQkNprZ4uY0drtIWta5pzxOGFPviEWpo$Z6W6WmrzdVAvxjJixx2NjBMV5HDVrOB+1aVYF+mbXQc";
