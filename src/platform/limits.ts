import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "../lib/errors.ts";

/** What is left of a caller's calls in the running window. */
export interface Allowance {
  /** Name of the policy, as `RateLimit-Policy` carries it. */
  readonly policy: string;
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number;
  /** Seconds until the window begins anew, at least 1. */
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

export interface Limiter {
  /** Takes one call off the subject's window; null when there is no limit. */
  take(subject: string): Promise<Allowance | null>;
}

const WINDOW_SECONDS = 60;

/** A fixed window of a minute for each subject, in memory. `limit` 0 means none. */
export function openLimiter(policy: string, limit: number): Limiter {
  if (limit === 0) return { take: async () => null };
  const limiter = new RateLimiterMemory({ keyPrefix: policy, points: limit, duration: WINDOW_SECONDS });
  return {
    async take(subject) {
      const state = await limiter.consume(subject).catch((refusal: unknown) => refusal);
      if (!(state instanceof RateLimiterRes)) throw state;
      return {
        policy,
        limit,
        remaining: Math.max(0, state.remainingPoints),
        windowSeconds: WINDOW_SECONDS,
        resetSeconds: Math.max(1, Math.ceil(state.msBeforeNext / 1000)),
        exceeded: state.consumedPoints > limit,
      };
    },
  };
}

/**
 * Both families of headers: `X-RateLimit-*` as the field has it (reset in unix seconds), and `RateLimit` with
 * `RateLimit-Policy` as structured fields (draft-ietf-httpapi-ratelimit-headers).
 */
export function limitHeaders(allowance: Allowance, now: number): Record<string, string> {
  const { policy, limit, remaining, windowSeconds, resetSeconds } = allowance;
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.floor(now / 1000) + resetSeconds),
    "ratelimit-policy": `"${policy}";q=${limit};w=${windowSeconds}`,
    ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
  };
}

export const limitExceeded = ({ limit, resetSeconds }: Allowance): AppError =>
  new AppError("RATE_LIMITED", `More than ${limit} calls in a minute. Try again in ${resetSeconds} s.`, {
    headers: { "retry-after": String(resetSeconds) },
  });
