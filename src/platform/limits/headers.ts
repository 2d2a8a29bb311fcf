import { AppError } from "../../lib/errors.ts";
import type { Allowance } from "./counter.ts";
import { WINDOW_SECONDS, windowNames } from "./tier.ts";

/**
 * Both families of headers, for the tightest window: `X-RateLimit-*` as the field has it (reset in unix seconds), and
 * `RateLimit` with every window in `RateLimit-Policy` as structured fields (draft-ietf-httpapi-ratelimit-headers).
 */
export function limitHeaders(allowance: Allowance, now: number): Record<string, string> {
  const { window, limit, limits, remaining, resetSeconds } = allowance;
  const policies = windowNames
    .filter((name) => limits[name] !== null)
    .map((name) => `"${name}";q=${limits[name]};w=${WINDOW_SECONDS[name]}`);
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.floor(now / 1000) + resetSeconds),
    "ratelimit-policy": policies.join(", "),
    ratelimit: `"${window}";r=${remaining};t=${resetSeconds}`,
  };
}

export const limitExceeded = ({ window, limit, resetSeconds }: Allowance): AppError =>
  new AppError(
    "RATE_LIMITED",
    `More than ${limit} calls in ${window === "hour" ? "an" : "a"} ${window}. Try again in ${resetSeconds} s.`,
    { headers: { "retry-after": String(resetSeconds) } },
  );
