import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../src/db/database.ts";
import { systemAfter, systemClock } from "../../src/lib/clock.ts";
import { type Id, newId } from "../../src/lib/ids.ts";
import { silentLog } from "../../src/lib/log.ts";
import { type Context, type Ports, systemActor } from "../../src/platform/context.ts";
import { change, defineEvent } from "../../src/platform/events.ts";
import { insertJobs, jobRow } from "../../src/platform/jobs/enqueue.ts";
import { defineJob, type JobType } from "../../src/platform/jobs/job.ts";
import { newKeyring, openKeyring } from "../../src/platform/keyring.ts";
import { type JobWorker, openWorker } from "../../src/platform/worker/worker.ts";

/** A job loop on the real clock, over a database and nothing else. */
export interface Loop {
  readonly db: Database;
  readonly worker: JobWorker;
  readonly ctx: Context;
}

export function openLoop(db: Database, types: readonly JobType[]): Loop {
  const ports = {
    db,
    clock: systemClock,
    log: silentLog,
    keyring: openKeyring("", newKeyring()),
    heard: () => {},
    get jobs() {
      return worker;
    },
  } as Partial<Ports> as Ports;
  const worker = openWorker({
    ports,
    context: () => ports,
    types,
    stopMs: 100,
    after: systemAfter,
    startThread: () => {
      throw new Error("no thread here");
    },
  });
  const ctx: Context = {
    ...ports,
    jobs: worker,
    actor: systemActor("ws_bench", []),
    origin: { requestId: null, network: null, userAgent: null },
    at: systemClock.now(),
    target: "",
    idempotencyKey: null,
  };
  return { db, worker, ctx };
}

const happened = defineEvent("thing.happened", t.Object({}));

/** A change that leaves jobs behind. */
export const enqueueing = (ctx: Context, job: JobType, args: object, count: number): Promise<void> =>
  change(ctx, async (tx) => {
    tx.record(happened, "thing", {});
    for (let i = 0; i < count; i++) tx.enqueue(job, args);
  });

/** Writes waiting jobs straight into the table, thousands at a time. */
export async function fill(db: Database, type: JobType, count: number, lane: string): Promise<void> {
  const now = systemClock.now();
  const by = { actorId: "bench", workspaceId: lane as Id<"ws">, now };
  for (let i = 0; i < count; i += 5000)
    await db.transaction((tx) =>
      insertJobs(
        tx,
        db,
        Array.from({ length: Math.min(5000, count - i) }, () => jobRow(newId("job", now), type, {}, by)),
      ),
    );
}

/** Counts, and wakes whoever waits for the count. */
export function counter(name: string) {
  let count = 0;
  let goal = Number.POSITIVE_INFINITY;
  let reached = () => {};
  const job = defineJob({
    name,
    args: t.Object({}),
    async run() {
      if (++count === goal) reached();
    },
  });
  return {
    job,
    until(wanted: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      [count, goal, reached] = [0, wanted, resolve];
      return promise;
    },
  };
}
