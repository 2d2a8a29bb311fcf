import { Type as t } from "@sinclair/typebox";
import type { JobFailure } from "../../db/schema/jobs.ts";
import { isoOf, isoOrNull, nullable, oneOf, queryInteger, Time } from "../../platform/schema.ts";

export const jobStates = ["scheduled", "waiting", "running", "done", "dead", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];
export const JobStateWord = oneOf(jobStates);

const summary = {
  id: t.String({ examples: ["job_01jd0000000000000000000000"] }),
  name: t.String({ examples: ["links.empty-trash"] }),
  queue: t.String(),
  state: JobStateWord,
  workspaceId: nullable(t.String({ description: "null for the installation's own" })),
  priority: t.Integer({ description: "Within a workspace, lower goes first." }),
  attempts: t.Integer(),
  attemptsMax: t.Integer(),
  progress: nullable(t.Number({ description: "From 0 to 1, where the job tells." })),
  progressMessage: nullable(t.String()),
  cancelAsked: t.Boolean({ description: "Somebody has called it off while it ran." }),
  runAt: Time,
  createdBy: t.String(),
  createdAt: Time,
  startedAt: nullable(Time),
  endedAt: nullable(Time),
};
/** A job as lists show it. */
export const JobSummary = t.Object(summary, { $id: "JobSummary" });
export type JobSummary = typeof JobSummary.static;

export const Job = t.Object(
  {
    ...summary,
    losses: t.Integer({ description: "How often a process ended while it ran the job." }),
    errors: t.Array(
      t.Object({
        attempt: t.Integer(),
        startedAt: nullable(Time),
        endedAt: Time,
        code: t.String({ examples: ["TIMED_OUT"] }),
        message: t.String(),
      }),
      { description: "Its last failed attempts, ten at most, oldest first." },
    ),
    args: nullable(t.Unknown({ description: "What it was told; for operators only, else null." })),
  },
  { $id: "Job" },
);
export type Job = typeof Job.static;

const counts = Object.fromEntries(jobStates.map((state) => [state, t.Integer()])) as Record<
  JobState,
  ReturnType<typeof t.Integer>
>;
export const JobCounts = t.Object(
  {
    ...counts,
    names: t.Array(t.Object({ name: t.String(), queue: nullable(t.String()), ...counts })),
  },
  { $id: "JobCounts" },
);
export type JobCounts = typeof JobCounts.static;

export const filterQuery = {
  state: t.Optional(oneOf(jobStates)),
  name: t.Optional(t.String({ minLength: 1, maxLength: 100, description: "Jobs of this name." })),
  queue: t.Optional(t.String({ minLength: 1, maxLength: 100, description: "Jobs of this queue." })),
};
export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
}

/** By cursor alone: jobs come and go faster than pages are turned. */
export const walkQuery = {
  limit: t.Optional(
    queryInteger({ minimum: 1, maximum: 100, description: "Items a page; 20 when left out." }),
  ),
  cursor: t.Optional(
    t.String({ maxLength: 1024, description: "`pagination.nextCursor` of the answer before." }),
  ),
};

export interface JobRow {
  readonly id: `job_${string}`;
  readonly workspaceId: `ws_${string}` | null;
  readonly name: string;
  readonly queue: string;
  readonly state: JobState;
  readonly priority: number;
  readonly runAt: number;
  readonly args: string;
  readonly attempts: number;
  readonly attemptsMax: number;
  readonly losses: number;
  readonly cancelAsked: boolean;
  readonly progress: number | null;
  readonly progressMessage: string | null;
  readonly errors: JobFailure[];
  readonly createdBy: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export const toJobSummary = (row: JobRow): JobSummary => ({
  id: row.id,
  name: row.name,
  queue: row.queue,
  state: row.state,
  workspaceId: row.workspaceId,
  priority: row.priority,
  attempts: row.attempts,
  attemptsMax: row.attemptsMax,
  progress: row.progress === null ? null : row.progress / 1000,
  progressMessage: row.progressMessage,
  cancelAsked: row.cancelAsked,
  runAt: isoOf(row.runAt),
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  startedAt: isoOrNull(row.startedAt),
  endedAt: isoOrNull(row.endedAt),
});

/** What a bug says may name what is inside: files, addresses, other people's things. It is for the operator. */
export const toJob = (row: JobRow, operator: boolean): Job => ({
  ...toJobSummary(row),
  losses: row.losses,
  errors: row.errors.map(({ attempt, startedAt, endedAt, code, message }) => ({
    attempt,
    startedAt: isoOrNull(startedAt),
    endedAt: isoOf(endedAt),
    code,
    message: operator || code !== "FAILED" ? message : "Something went wrong on our side.",
  })),
  args: operator ? argsOf(row.args) : null,
});

function argsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
