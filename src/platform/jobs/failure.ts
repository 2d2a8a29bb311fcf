import type { JobFailure } from "../../db/schema/jobs.ts";
import { AppError } from "../../lib/errors.ts";

/** Thrown by work that no further attempt can mend. The job is dead at once; the sentence says why. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

/** Thrown by work that knows when to be tried again, such as one that was told to wait. It counts as an attempt. */
export class Later extends Error {
  override readonly name = "Later";
  readonly afterMs: number;
  constructor(afterMs: number, message: string) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** What the loop itself says of an attempt. */
export type FailureCode =
  | "TIMED_OUT"
  | "STUCK"
  | "LOST"
  | "UNKNOWN_JOB"
  | "INVALID_ARGS"
  | "CANCELLED"
  | "STOPPED";

/** Why the loop ended an attempt: the reason its signal is aborted with. */
export class Ended extends Error {
  override readonly name = "Ended";
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MESSAGE_MAX = 500;
const KEPT = 10;

/** Refusals in our own words keep their code; a bug is `FAILED`, and its words are for the operator only. */
export const codeOf = (error: unknown): string =>
  error instanceof AppError || error instanceof Ended
    ? error.code
    : error instanceof GivenUp
      ? "GIVEN_UP"
      : error instanceof Later
        ? "LATER"
        : "FAILED";

export const failureOf = (
  error: unknown,
  attempt: number,
  startedAt: number | null,
  endedAt: number,
): JobFailure => ({
  attempt,
  startedAt,
  endedAt,
  code: codeOf(error),
  message: (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_MAX),
});

export const withFailure = (errors: readonly JobFailure[], failure: JobFailure): JobFailure[] =>
  [...errors, failure].slice(-KEPT);
