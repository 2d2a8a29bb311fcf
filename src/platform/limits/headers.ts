import { AppError } from "../../lib/errors.ts";
import type { Allowance } from "./counter.ts";
import { type Limits, WINDOW_SECONDS, windowNames } from "./tier.ts";

/**
 * Both families of headers, for the tightest window: `X-RateLimit-*` as the field has it (reset in unix seconds), and
 * `RateLimit` with every window in `RateLimit-Policy` as structured fields (draft-ietf-httpapi-ratelimit-headers).
 */
export function limitHeaders(allowance: Allowance, now: number): Record<string, string> {
  const { window, limit, limits, remaining, resetSeconds } = allowance;
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.floor(now / 1000) + resetSeconds),
    "ratelimit-policy": policyOf(limits),
    ratelimit: `"${window}";r=${remaining};t=${resetSeconds}`,
  };
}

/** Tiers are few, and each is asked for at every call. */
const policies = new WeakMap<Limits, string>();

function policyOf(limits: Limits): string {
  const known = policies.get(limits);
  if (known !== undefined) return known;
  const policy = windowNames
    .filter((name) => limits[name] !== null)
    .map((name) => `"${name}";q=${limits[name]};w=${WINDOW_SECONDS[name]}`)
    .join(", ");
  policies.set(limits, policy);
  return policy;
}

export function limitExceeded({ window, limit, resetSeconds }: Allowance): AppError {
  const message = `More than ${limit} calls in ${window === "hour" ? "an" : "a"} ${window}. Try again in ${resetSeconds} s.`;
  if (last?.message !== message)
    last = new AppError("RATE_LIMITED", message, { headers: { "retry-after": String(resetSeconds) } });
  return last;
}

/** Whoever is refused asks thousands of times a second, and an error takes its stack down. */
let last: AppError | null = null;
