import { Type as t } from "@sinclair/typebox";
import { eq } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import type { Id } from "../../src/lib/ids.ts";
import { type Logger, silentLog } from "../../src/lib/log.ts";
import type { Context, Ports } from "../../src/platform/context.ts";
import { systemActor } from "../../src/platform/context.ts";
import { type Change, change, defineEvent } from "../../src/platform/events.ts";
import type { JobType, QueueLimits } from "../../src/platform/jobs/job.ts";
import { newKeyring, openKeyring } from "../../src/platform/keyring.ts";
import type { ObservedJob } from "../../src/platform/worker/runs.ts";
import { type JobWorker, openWorker } from "../../src/platform/worker/worker.ts";
import type { HandClock } from "./clock.ts";

/** A job loop over a database, without the rest of the app. */
export interface JobWorld {
  readonly db: Database;
  readonly clock: HandClock;
  readonly worker: JobWorker;
  readonly ctx: Context;
  readonly observed: ObservedJob[];
  readonly logged: string[];
  /** A change that records something and does `work`. */
  change<T>(work: (tx: Change) => Promise<T> | T): Promise<T>;
  row(id: string): Promise<Database["tables"]["jobs"]["$inferSelect"]>;
  states(): Promise<string[]>;
}

const somethingHappened = defineEvent("thing.happened", t.Object({}));

export interface JobWorldOptions {
  readonly db: Database;
  readonly clock: HandClock;
  readonly types: readonly JobType[];
  readonly limits?: Record<string, QueueLimits>;
  readonly stopMs?: number;
  readonly startThread?: () => Worker;
  readonly workspaceId?: Id<"ws"> | null;
}

export function jobWorld(options: JobWorldOptions): JobWorld {
  const { db, clock, types, limits, stopMs = 1000, workspaceId = null } = options;
  const logged: string[] = [];
  const note = (message: string) => void logged.push(message);
  const log: Logger = { ...silentLog, warning: note, error: note };
  const observed: ObservedJob[] = [];
  const ports = {
    db,
    clock,
    log,
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
    limits,
    stopMs,
    after: clock.after,
    startThread: options.startThread ?? (() => new Worker(new URL("./tasks.ts", import.meta.url))),
    observe: (one) => observed.push(one),
  });
  const ctx: Context = {
    ...ports,
    jobs: worker,
    actor: systemActor(workspaceId, []),
    origin: { requestId: null, network: null, userAgent: null },
    at: clock.now(),
    target: "",
    idempotencyKey: null,
  };
  const { jobs } = db.tables;
  return {
    db,
    clock,
    worker,
    ctx,
    observed,
    logged,
    change: (work) =>
      change(ctx, async (tx) => {
        tx.record(somethingHappened, "thing", {});
        return work(tx);
      }),
    async row(id) {
      const [found] = await db.read
        .select()
        .from(jobs)
        .where(eq(jobs.id, id as Id<"job">));
      return found!;
    },
    async states() {
      const rows = await db.read.select().from(jobs).orderBy(jobs.id);
      return rows.map(({ state }) => state);
    },
  };
}
