import { type Static, type TObject, type TProperties, type TSchema, Type as t } from "@sinclair/typebox";
import { and, eq, inArray, lte, or, sql } from "drizzle-orm";
import type { Build, Tx } from "../db/database.ts";
import { placeholders } from "../db/placeholders.ts";
import { isUnavailable } from "../db/postgres-health.ts";
import { type Id, newId } from "../lib/ids.ts";
import type { Actor, Context, Origin } from "./context.ts";
import { type EnqueueOptions, insertJobs, jobRow } from "./jobs/enqueue.ts";
import type { JobType } from "./jobs/job.ts";
import { eventProof, proofFor } from "./proofs.ts";

/** A kind of thing that happens, past tense (`link.created`), with the schema of what is told about it. */
export interface EventType<S extends TSchema = TSchema> {
  readonly name: string;
  readonly data: S;
}
export const defineEvent = <S extends TSchema>(name: string, data: S): EventType<S> => ({ name, data });

/**
 * The event of a thing that stays and is otherwise than before: it tells the thing as it is now, and as `previous` the
 * fields that it had otherwise. Record it with `withPrevious`.
 */
export const defineUpdate = <P extends TProperties>(name: string, thing: TObject<P>) =>
  defineEvent(name, t.Object({ ...thing.properties, previous: t.Partial(t.Object(thing.properties)) }));

/** `after` with the fields of `before` that it has otherwise. */
export const withPrevious = <T extends object>(before: T, after: T): T & { previous: Partial<T> } => ({
  ...after,
  previous: Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(after[name as keyof T]),
    ),
  ) as Partial<T>,
});

/** Something that happened: a row of the audit log, and all that webhooks and caches ever hear. */
export interface Event {
  readonly id: Id<"evt">;
  readonly type: string;
  readonly workspaceId: Id<"ws"> | null;
  readonly actorKind: Actor["kind"];
  readonly actorId: string;
  /** The key the request came with, whoever was behind it. */
  readonly keyId: Id<"key"> | null;
  readonly subjectId: string;
  readonly data: unknown;
  readonly origin: Origin;
  readonly createdAt: number;
}

export interface Change extends Tx {
  /** Puts on record what the change did. `workspaceId` defaults to the actor's; null for what belongs to none. */
  record<S extends TSchema>(
    type: EventType<S>,
    subjectId: string,
    data: Static<S>,
    workspaceId?: Id<"ws"> | null,
  ): void;
  /**
   * Leaves work behind that is there if and only if the change is: its row is written with it. Answers the job's id;
   * a job whose unique key is in use already is not made.
   */
  enqueue<S extends TSchema>(job: JobType<S>, args: Static<S>, options?: EnqueueOptions): Id<"job">;
}

/** Rows that are made ready between two looks at who else has something to do. */
const EVENTS_AT_ONCE = 50;

/**
 * The one way to write. Everything in `work` is stored or nothing is, it is recorded who did it, and only after
 * the commit do listeners hear of it. A change that records nothing is a bug. `work` may be run again, so it
 * touches nothing but `tx`.
 */
export async function change<T>(ctx: Context, work: (tx: Change) => Promise<T>): Promise<T> {
  let events: Event[] = [];
  let jobs: ReturnType<typeof jobRow>[] = [];
  let answer: string | null = null;
  const stored = ctx.db.transaction(async (tx) => {
    events = [];
    jobs = [];
    const record: Change["record"] = (type, subjectId, data, workspaceId = ctx.actor.workspaceId) => {
      events.push({
        id: newId("evt", tx.now),
        type: type.name,
        workspaceId,
        actorKind: ctx.actor.kind,
        actorId: ctx.actor.id,
        keyId: ctx.actor.application?.keyId ?? null,
        subjectId,
        data,
        origin: ctx.origin,
        createdAt: tx.now,
      });
    };
    const { id: actorId, workspaceId } = ctx.actor;
    const enqueue: Change["enqueue"] = (job, args, options) => {
      const id = newId("job", tx.now);
      jobs.push(jobRow(id, job, args, { actorId, workspaceId, now: tx.now }, options));
      return id;
    };
    // The transaction's own object: one that only inherits from it would be a stranger to every access.
    const done = await work(Object.assign(tx, { record, enqueue }));
    if (events.length === 0) throw new Error("a change must record what it did");
    // Sent together: on Postgres the second does not wait for the answer to the first.
    await Promise.all([insertEvents(tx, ctx, events), insertJobs(tx, ctx.db, jobs)]);
    answer = await storeAnswer(ctx, tx, done);
    return done;
  });
  try {
    const result = await stored;
    if (ctx.once && answer !== null) ctx.once.stored = answer;
    for (const event of events) ctx.heard(event);
    if (jobs.length > 0) ctx.jobs.enqueued(jobs);
    return result;
  } catch (error) {
    if (error instanceof Unchanged) return error.result as T;
    // The connection may have broken after the commit: forgetting what is still true costs a lookup.
    if (isUnavailable(error)) {
      for (const event of events) ctx.heard(event);
      ctx.jobs.enqueued(jobs);
    }
    throw error;
  }
}

/** Its payloads are handed over as the texts that their proofs are made of: written out once, and the same. */
const insertEvent: Build = (queries, { events }) =>
  queries.insert(events).values({
    ...placeholders(events),
    data: sql`${sql.placeholder("data")}`,
    origin: sql`${sql.placeholder("origin")}`,
  });

async function insertEvents(tx: Tx, ctx: Context, events: readonly Event[]): Promise<void> {
  const rowOf = (event: Event) => eventRow(ctx, event);
  if (events.length === 1) return void (await tx.run(insertEvent, rowOf(events[0]!)));
  for (let i = 0; i < events.length; i += EVENTS_AT_ONCE)
    await tx.runEach(insertEvent, events.slice(i, i + EVENTS_AT_ONCE).map(rowOf));
}

function eventRow({ keyring }: Context, event: Event) {
  const [data, origin] = [JSON.stringify(event.data), JSON.stringify(event.origin)];
  const row = { ...event, data, origin, requestId: event.origin.requestId, dataProof: proofFor(data) };
  return { ...row, originProof: eventProof(keyring.audit, row, origin), seal: null };
}

/** The first change of a request with an Idempotency-Key carries the answer with it. */
async function storeAnswer(ctx: Context, tx: Tx, result: unknown): Promise<string | null> {
  const { once, db, config } = ctx;
  if (!once || once.stored !== null) return null;
  const { idempotency } = db.tables;
  const body = once.render(result);
  await sweepAnswers(tx, ctx, once.id);
  await tx.insert(idempotency).values({
    id: once.id,
    requestHash: once.requestHash,
    status: once.status,
    body,
    createdAt: tx.now,
    expiresAt: tx.now + config.WAYPOST_IDEMPOTENCY_KEEP,
  });
  return body;
}

const SWEPT_AT_ONCE = 100;

/** Whoever stores an answer takes some away that are past their time, his own predecessor's among them. */
async function sweepAnswers(tx: Tx, ctx: Context, id: string): Promise<void> {
  const { idempotency } = ctx.db.tables;
  const past = lte(idempotency.expiresAt, tx.now);
  const some = tx.select({ id: idempotency.id }).from(idempotency).where(past).limit(SWEPT_AT_ONCE);
  await tx.delete(idempotency).where(or(and(eq(idempotency.id, id), past), inArray(idempotency.id, some)));
}

/** Thrown by a change's work that finds everything as it should be: nothing is stored, and `result` is the answer. */
export class Unchanged<T> extends Error {
  override readonly name = "Unchanged";
  readonly result: T;
  constructor(result: T) {
    super("nothing to change");
    this.result = result;
  }
}
