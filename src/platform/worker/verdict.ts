import type { Claimed } from "../jobs/claims.ts";
import { Ended, failureOf, GivenUp, Later, withFailure } from "../jobs/failure.ts";
import { backoff, type JobType } from "../jobs/job.ts";
import type { Outcome } from "./attempt.ts";
import type { Settlement } from "./settle.ts";

/** Processes that may end while they run a job; after that it is taken for what ends them. */
const LOSSES_MAX = 5;

export interface Circumstances {
  readonly now: number;
  /** Others run jobs of this database. One of them may be newer, and know what we do not. */
  readonly shared: boolean;
}

/** What becomes of a job after an attempt. */
export function verdict(
  job: Claimed,
  type: JobType | null,
  outcome: Outcome,
  { now, shared }: Circumstances,
): Settlement {
  if (outcome.kind === "done") return { to: "done" };
  const { error } = outcome;
  const reason = outcome.kind === "stuck" ? outcome.reason : error;
  if (reason instanceof Ended && reason.code === "CANCELLED") return { to: "cancelled" };
  // The process stops: nothing was wrong with the job, and the next process begins it anew.
  if (reason instanceof Ended && reason.code === "STOPPED") return handedBack(job, now);
  const errors = withFailure(job.errors, failureOf(error, job.attempts, job.startedAt, now));
  const { losses } = job;
  if (error instanceof GivenUp || (isStrange(error) && !shared) || job.attempts >= job.attemptsMax)
    return { to: "dead", losses, errors };
  const pauseMs = error instanceof Later ? error.afterMs : spread((type?.backoff ?? backoff)(job.attempts));
  return { to: "again", runAt: now + Math.max(0, pauseMs), attempts: job.attempts, losses, errors };
}

export const handedBack = (job: Claimed, now: number): Settlement => ({
  to: "again",
  runAt: now,
  attempts: job.attempts - 1,
  losses: job.losses,
  errors: job.errors,
});

/** The process that ran it has ended. That may have been its doing, so it is not for ever begun at once. */
export function lost(job: Claimed, now: number): Settlement {
  const losses = job.losses + 1;
  const error = new Ended("LOST", "The process that ran it ended before it was done.");
  const errors = withFailure(job.errors, failureOf(error, job.attempts, job.startedAt, now));
  if (losses >= LOSSES_MAX) return { to: "dead", losses, errors };
  const pauseMs = losses === 1 ? 0 : spread(backoff(losses - 1));
  return { to: "again", runAt: now + pauseMs, attempts: job.attempts - 1, losses, errors };
}

/** This version has no code for it, or none that takes its arguments. */
const isStrange = (error: unknown): boolean =>
  error instanceof Ended && (error.code === "UNKNOWN_JOB" || error.code === "INVALID_ARGS");

/** Those that failed together do not come back together. */
const spread = (ms: number): number => Math.round(ms * (0.75 + Math.random() * 0.5));
