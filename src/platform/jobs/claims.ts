import { and, eq, inArray, ne, sql } from "drizzle-orm";
import type { Build, Database } from "../../db/database.ts";
import type { JobFailure } from "../../db/schema/jobs.ts";
import { pickedBy } from "../../db/skip-locked.ts";
import type { Id } from "../../lib/ids.ts";

/** A job as it was claimed: what the loop needs of its row. */
export interface Claimed {
  readonly id: Id<"job">;
  readonly workspaceId: Id<"ws"> | null;
  readonly name: string;
  readonly queue: string;
  readonly lane: string;
  readonly args: string;
  readonly attempts: number;
  readonly attemptsMax: number;
  readonly losses: number;
  readonly errors: JobFailure[];
  readonly startedAt: number | null;
}

export interface LaneFound {
  readonly lane: string;
  /** Jobs of the lane that run now, in other processes. */
  readonly elsewhere: number;
}

const { placeholder } = sql;
/** Ids a statement settles at once; fewer are filled up, so that it is compiled once. */
export const SETTLED_AT_ONCE = 64;

/** Rows that one look at the end of the schedule reads: some ten milliseconds' work. */
const SEEN_AT_ONCE = sql.raw("5000");

/**
 * The statements of the loop, each compiled once. A constant in `where` is what lets a partial index serve, so states
 * are written out. No statement looks at more rows than it takes, however many wait.
 */
export function claimStatements(dialect: Database["dialect"]) {
  /** Queues with something to do: one look at the index for each. */
  const busyQueues: Build<{ queue: string }> = (queries) =>
    queries.select({ queue: sql<string>`queue` }).from(sql`(
      with recursive found(queue) as (
        select min(queue) from jobs where state = 'waiting'
        union all
        select (select min(queue) from jobs where state = 'waiting' and queue > found.queue)
          from found where found.queue is not null
      ) select queue from found where queue is not null) as busy`);

  /** The next lanes with something to do, behind the one that was served last: one look at the index for each. */
  const nextLanes: Build<LaneFound> = (queries) =>
    queries.select({ lane: sql<string>`lane`, elsewhere: sql<number>`elsewhere`.mapWith(Number) }).from(sql`(
      with recursive found(lane, place) as (
        select min(lane), 1 from jobs
          where state = 'waiting' and queue = ${placeholder("queue")} and lane > ${placeholder("after")}
        union all
        select (select min(lane) from jobs
            where state = 'waiting' and queue = ${placeholder("queue")} and lane > found.lane), place + 1
          from found where found.lane is not null and place < ${placeholder("lanes")}
      ) select lane, (select count(*) from jobs
          where state = 'running' and queue = ${placeholder("queue")} and jobs.lane = found.lane
            and owner <> ${placeholder("owner")}) as elsewhere
        from found where lane is not null) as next`);

  const claim: Build<Claimed> = (queries, { jobs }) =>
    queries
      .update(jobs)
      .set({
        state: "running",
        owner: sql`${placeholder("owner")}`,
        leaseUntil: sql`${placeholder("leaseUntil")}`,
        startedAt: sql`${placeholder("now")}`,
        attempts: sql`${jobs.attempts} + 1`,
        progress: null,
        progressMessage: null,
      })
      .where(
        sql`${jobs.id} ${pickedBy(
          dialect,
          sql`select id from jobs where state = 'waiting' and queue = ${placeholder("queue")}
            and lane = ${placeholder("lane")} order by priority, id limit ${placeholder("count")}`,
        )}`,
      )
      .returning({
        id: jobs.id,
        workspaceId: jobs.workspaceId,
        name: jobs.name,
        queue: jobs.queue,
        lane: jobs.lane,
        args: jobs.args,
        attempts: jobs.attempts,
        attemptsMax: jobs.attemptsMax,
        losses: jobs.losses,
        errors: jobs.errors,
        startedAt: jobs.startedAt,
      });

  /** What has come due moves to where it is claimed from. */
  const promote: Build<{ queue: string }> = (queries, { jobs }) =>
    queries
      .update(jobs)
      .set({ state: "waiting" })
      .where(
        sql`${jobs.id} ${pickedBy(
          dialect,
          sql`select id from jobs where state = 'scheduled' and run_at <= ${placeholder("now")}
            order by run_at, id limit ${placeholder("count")}`,
        )}`,
      )
      .returning({ queue: jobs.queue });

  /**
   * Pauses that were begun by a clock that was ahead, and has been set back since, are begun anew by today's: else
   * they would last until the clock is there again. Slots are moments, and stay. `unbegun` is 1 to count the time
   * before the first attempt as a pause too, and 0 for pauses between attempts alone. Those that end last are seen
   * first, and no more than a few thousand of them.
   */
  const beginAnew: Build<{ id: Id<"job"> }> = (queries, { jobs }) =>
    queries
      .update(jobs)
      .set({
        runAt: sql`${jobs.runAt} - coalesce(${jobs.startedAt}, ${jobs.createdAt}) + cast(${placeholder("now")} as bigint)`,
        startedAt: sql`cast(${placeholder("now")} as bigint)`,
      })
      .where(
        sql`${jobs.id} ${pickedBy(
          dialect,
          sql`select id from jobs where id in (
              select id from jobs where state = 'scheduled' and queue <> 'periodic' order by run_at desc limit ${SEEN_AT_ONCE})
            and coalesce(started_at, created_at * cast(${placeholder("unbegun")} as bigint)) > ${placeholder("now")}
            limit ${placeholder("count")}`,
        )}`,
      )
      .returning({ id: jobs.id });

  const nextDue: Build<{ runAt: number }> = (queries) =>
    queries
      .select({ runAt: sql<number>`run_at`.mapWith(Number) })
      .from(sql`(select run_at from jobs where state = 'scheduled' order by run_at limit 1) as first`);

  return { busyQueues, nextLanes, claim, promote, beginAnew, nextDue };
}

/** The end of jobs that did what they should. */
export const settleDone: Build<{ id: Id<"job"> }> = (queries, { jobs }) =>
  queries
    .update(jobs)
    .set({ state: "done", endedAt: sql`${placeholder("now")}`, owner: null, leaseUntil: null })
    .where(
      and(
        inArray(
          jobs.id,
          Array.from({ length: SETTLED_AT_ONCE }, (_, i) => sql`${placeholder(`id${i}`)}` as never),
        ),
        sql`${jobs.state} = 'running'`,
        eq(jobs.owner, placeholder("owner")),
      ),
    )
    .returning({ id: jobs.id });

/** Any other end of an attempt but death. What was called off while it ran does not come back. */
export const settleOther: Build<{ id: Id<"job"> }> = (queries, { jobs }) =>
  queries
    .update(jobs)
    .set({
      state: sql`case when ${jobs.cancelAsked} then 'cancelled' else ${placeholder("state")} end`,
      runAt: sql`${placeholder("runAt")}`,
      attempts: sql`${placeholder("attempts")}`,
      losses: sql`${placeholder("losses")}`,
      errors: sql`${placeholder("errors")}`,
      endedAt: sql`case when ${jobs.cancelAsked} then cast(${placeholder("now")} as bigint)
        else cast(${placeholder("endedAt")} as bigint) end`,
      owner: null,
      leaseUntil: null,
    })
    .where(
      and(
        eq(jobs.id, placeholder("id")),
        sql`${jobs.state} = 'running'`,
        eq(jobs.owner, placeholder("owner")),
        eq(jobs.attempts, placeholder("attempt")),
      ),
    )
    .returning({ id: jobs.id });

/** Says that the owner lives, and hears which of its jobs are to be cancelled. */
export const heartbeat: Build<{ id: Id<"job">; cancelAsked: boolean }> = (queries, { jobs }) =>
  queries
    .update(jobs)
    .set({ leaseUntil: sql`${placeholder("leaseUntil")}` })
    .where(and(sql`${jobs.state} = 'running'`, eq(jobs.owner, placeholder("owner"))))
    .returning({ id: jobs.id, cancelAsked: jobs.cancelAsked });

export const writeProgress: Build = (queries, { jobs }) =>
  queries
    .update(jobs)
    .set({ progress: sql`${placeholder("progress")}`, progressMessage: sql`${placeholder("message")}` })
    .where(
      and(
        eq(jobs.id, placeholder("id")),
        sql`${jobs.state} = 'running'`,
        eq(jobs.owner, placeholder("owner")),
      ),
    );

/** Other processes with jobs, and how far their leases go. */
export const otherOwners: Build<{ owner: string; leaseUntil: number }> = (queries, { jobs }) =>
  queries
    .select({
      owner: sql<string>`${jobs.owner}`,
      leaseUntil: sql<number>`max(${jobs.leaseUntil})`.mapWith(Number),
    })
    .from(jobs)
    .where(and(sql`${jobs.state} = 'running'`, ne(jobs.owner, placeholder("owner"))))
    .groupBy(jobs.owner);

export const jobsOfOwner: Build<Claimed> = (queries, { jobs }) =>
  queries
    .select({
      id: jobs.id,
      workspaceId: jobs.workspaceId,
      name: jobs.name,
      queue: jobs.queue,
      lane: jobs.lane,
      args: jobs.args,
      attempts: jobs.attempts,
      attemptsMax: jobs.attemptsMax,
      losses: jobs.losses,
      errors: jobs.errors,
      startedAt: jobs.startedAt,
    })
    .from(jobs)
    .where(and(sql`${jobs.state} = 'running'`, eq(jobs.owner, placeholder("owner"))));
