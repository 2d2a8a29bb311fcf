import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const jobTables = ({ table, text, time, bool, int, json }: Kit) => ({
  /** Work that outlives its request, and what became of it. */
  jobs: table("jobs", {
    id: text<Id<"job">>("id").primaryKey(),
    /** Null for the installation's own. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    name: text("name").notNull(),
    queue: text("queue").notNull(),
    /** Those who share a limit and wait for each other: the workspace, unless the job says otherwise. */
    lane: text("lane").notNull(),
    /** No two jobs that have not ended have the same. */
    uniqueKey: text("unique_key"),
    state: text<"scheduled" | "waiting" | "running" | "done" | "dead" | "cancelled">("state").notNull(),
    /** Within a lane, lower goes first. */
    priority: int("priority").notNull(),
    runAt: time("run_at").notNull(),
    /** JSON, as the job's schema had it when it was enqueued. */
    args: text("args").notNull(),
    /** Begun so far; those that ended with their process are not among them. */
    attempts: int("attempts").notNull(),
    attemptsMax: int("attempts_max").notNull(),
    /** How often a process ended while it ran the job. */
    losses: int("losses").notNull(),
    /** The process that runs it. */
    owner: text("owner"),
    /** Moved on by the owner as long as it lives. */
    leaseUntil: time("lease_until"),
    cancelAsked: bool("cancel_asked").notNull(),
    /** In thousandths. */
    progress: int("progress"),
    progressMessage: text("progress_message"),
    /** The last attempts that failed, oldest first. */
    errors: json<JobFailure[]>("errors").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    startedAt: time("started_at"),
    endedAt: time("ended_at"),
  }),
});

/** One attempt that failed. */
export interface JobFailure {
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** `FAILED`, `TIMED_OUT`, `STUCK`, `LOST` …, or the code of the refusal. */
  readonly code: string;
  readonly message: string;
}
