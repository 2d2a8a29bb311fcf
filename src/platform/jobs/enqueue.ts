import type { Static, TSchema } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { sql } from "drizzle-orm";
import type { Build, Database, Tx } from "../../db/database.ts";
import { placeholders } from "../../db/placeholders.ts";
import type { Id } from "../../lib/ids.ts";
import type { JobType } from "./job.ts";

export interface EnqueueOptions {
  /** Whose job it is: the actor's workspace when left out; null for the installation's. */
  readonly workspaceId?: Id<"ws"> | null;
  /** Not before this moment. */
  readonly runAt?: number;
  /** Within a lane, lower goes first: -100 to 100, 0 when left out. */
  readonly priority?: number;
  /** Those that share a limit and wait for each other; the workspace when left out. */
  readonly lane?: string;
  /** While a job with the same has not ended, another is not made. */
  readonly uniqueKey?: string;
}

/** What the loop must know of a job that was committed. */
export interface Enqueued {
  readonly queue: string;
  readonly runAt: number;
}

type JobInsert = Database["tables"]["jobs"]["$inferInsert"];

const ARGS_MAX = 64 * 1024;
const NAME_MAX = 200;
/** What belongs to no workspace. */
const COMMON_LANE = "-";

export function jobRow<S extends TSchema>(
  id: Id<"job">,
  type: JobType<S>,
  args: Static<S>,
  by: { readonly actorId: string; readonly workspaceId: Id<"ws"> | null; readonly now: number },
  options: EnqueueOptions = {},
): JobInsert {
  const { workspaceId = by.workspaceId, runAt = by.now, priority = 0, lane, uniqueKey } = options;
  if (!argsFit(type, args)) throw new Error(`the arguments of ${type.name} do not fit its schema`);
  const text = JSON.stringify(args);
  if (text.length > ARGS_MAX) throw new Error(`the arguments of ${type.name} are larger than ${ARGS_MAX}`);
  for (const one of [lane, uniqueKey])
    if (one !== undefined && (one === "" || one.length > NAME_MAX))
      throw new Error(`a lane and a unique key of ${type.name} have 1 to ${NAME_MAX} characters`);
  return {
    id,
    workspaceId,
    name: type.name,
    queue: type.queue,
    lane: lane ?? workspaceId ?? COMMON_LANE,
    uniqueKey: uniqueKey === undefined ? null : `${type.name}:${uniqueKey}`,
    state: runAt > by.now ? "scheduled" : "waiting",
    priority: Math.max(-100, Math.min(100, Math.trunc(priority))),
    runAt,
    args: text,
    attempts: 0,
    attemptsMax: type.attemptsMax,
    losses: 0,
    owner: null,
    leaseUntil: null,
    cancelAsked: false,
    progress: null,
    progressMessage: null,
    errors: [],
    createdBy: by.actorId,
    createdAt: by.now,
    startedAt: null,
    endedAt: null,
  };
}

const checks = new WeakMap<TSchema, TypeCheck<TSchema>>();

/** Whether arguments are what the job's code of today takes. */
export function argsFit({ args: schema }: JobType, args: unknown): boolean {
  const check = checks.get(schema) ?? TypeCompiler.Compile(schema);
  checks.set(schema, check);
  return check.Check(args);
}

/** SQLite takes 32,766 parameters a statement; a job has 23. */
const JOBS_PER_INSERT = 500;

/** What is the same in every new row is written out: each parameter costs as much as a column. */
export const insertJob: Build = (queries, { jobs }) =>
  queries
    .insert(jobs)
    .values({
      ...placeholders(jobs),
      attempts: sql`0`,
      losses: sql`0`,
      owner: sql`null`,
      leaseUntil: sql`null`,
      cancelAsked: sql`false`,
      progress: sql`null`,
      progressMessage: sql`null`,
      errors: sql`'[]'`,
      startedAt: sql`null`,
      endedAt: sql`null`,
    })
    .onConflictDoNothing();

/** A job whose unique key is in use is left out. */
export async function insertJobs(tx: Tx, db: Database, rows: readonly JobInsert[]): Promise<void> {
  if (rows.length === 1) return void (await tx.run(insertJob, { ...rows[0] }));
  for (let i = 0; i < rows.length; i += JOBS_PER_INSERT)
    await tx
      .insert(db.tables.jobs)
      .values(rows.slice(i, i + JOBS_PER_INSERT))
      .onConflictDoNothing();
}
