import type { After } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import type { Actor, Context, Ports } from "../context.ts";
import type { Claimed } from "../jobs/claims.ts";
import { argsFit } from "../jobs/enqueue.ts";
import { Ended } from "../jobs/failure.ts";
import type { JobType } from "../jobs/job.ts";
import { operatorPermissions, roles } from "../permissions.ts";
import { type Attempt, begin, type Outcome } from "./attempt.ts";
import { openProgress, type Progress } from "./progress.ts";
import type { Settlement } from "./settle.ts";
import { compute } from "./threads.ts";
import { verdict } from "./verdict.ts";

/** The jobs that run in this process. */
export interface Runs {
  start(job: Claimed): void;
  /** Tells one to stop; nothing when it does not run here. */
  end(id: Id<"job">, reason: Ended): void;
  ids(): Id<"job">[];
  /** Resolves when all that run now have ended and are written down. */
  ended(): Promise<unknown>;
  readonly size: number;
  /** Attempts that were let go of and have not ended. */
  readonly stuck: number;
}

/** What an attempt came to, for the metrics. */
export interface ObservedJob {
  /** `unknown` for a job without code, so that there are few. */
  readonly name: string;
  readonly outcome: "done" | "again" | "dead" | "cancelled";
  readonly seconds: number;
}

interface RunsOptions {
  readonly ports: Pick<Ports, "db" | "clock" | "log">;
  readonly after: After;
  readonly owner: string;
  readonly types: readonly JobType[];
  readonly startThread: () => Worker;
  contextOf(job: Claimed): Context;
  observe(job: ObservedJob): void;
  changed(id: Id<"job">): void;
  /** The job's slot is free again. */
  release(job: Claimed): void;
  settle(job: Claimed, settlement: Settlement): Promise<void>;
}

interface Run {
  readonly attempt: Attempt;
  readonly progress: Progress;
  /** By `performance.now()`. */
  readonly began: number;
  readonly ended: Promise<void>;
}

/** Long enough to see that there is no code for it. */
const NO_CODE_MS = 1000;

export function openRuns(options: RunsOptions): Runs {
  const { ports, after, owner, types, startThread, contextOf, observe, changed, release, settle } = options;
  const { db, clock, log } = ports;
  const typeOf = new Map(types.map((type) => [type.name, type]));
  if (typeOf.size < types.length) throw new Error("two jobs have the same name");
  const running = new Map<Id<"job">, Run>();
  let stuck = 0;

  async function work(
    job: Claimed,
    type: JobType | null,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<unknown> {
    if (type === null) throw new Ended("UNKNOWN_JOB", `There is no job ${job.name} in this version.`);
    const args = parsed(job.args);
    if (!argsFit(type, args))
      throw new Ended("INVALID_ARGS", `The arguments are none that ${job.name} of this version takes.`);
    const { id, attempts, attemptsMax } = job;
    return type.run(contextOf(job), args, {
      ...{ id, attempt: attempts, attemptsMax, signal },
      progress: progress.tell,
      compute: (task, input) => compute(startThread, task, input, { signal, progress: progress.tell }),
    });
  }

  async function finish(job: Claimed, type: JobType | null, run: Run, outcome: Outcome): Promise<void> {
    const seconds = (performance.now() - run.began) / 1000;
    run.progress.stop();
    // After a long stall the job may have been taken away and be running here once more: that attempt counts.
    const counts = running.get(job.id) === run;
    if (counts) running.delete(job.id);
    release(job);
    if (outcome.kind === "stuck") {
      stuck++;
      void run.attempt.gone.then(() => stuck--);
    }
    if (!counts) return;
    const settlement = verdict(job, type, outcome, { now: clock.now(), shared: db.signals !== null });
    if (outcome.kind !== "done") report(job, outcome, settlement);
    observe({ name: type?.name ?? "unknown", outcome: settlement.to, seconds });
    await settle(job, settlement);
  }

  function report(
    job: Claimed,
    { error, kind }: Exclude<Outcome, { kind: "done" }>,
    { to }: Settlement,
  ): void {
    if (kind === "failed" && error instanceof Ended && ["STOPPED", "CANCELLED"].includes(error.code)) return;
    const facts = { job: job.id, name: job.name, attempt: job.attempts, of: job.attemptsMax, error };
    if (to === "dead") log.error("a job is given up", facts);
    else log.warning(kind === "stuck" ? "a job ignores its signal" : "a job has failed", facts);
  }

  return {
    start(job) {
      const began = performance.now();
      const type = typeOf.get(job.name) ?? null;
      const progress = openProgress(db, after, { id: job.id, owner }, () => changed(job.id));
      const attempt = begin((signal) => work(job, type, signal, progress), {
        timeoutMs: type?.timeoutMs ?? NO_CODE_MS,
        after,
      });
      const run: Run = {
        attempt,
        progress,
        began,
        ended: attempt.outcome.then((outcome) => finish(job, type, run, outcome)),
      };
      running.set(job.id, run);
      changed(job.id);
    },
    end: (id, reason) => running.get(id)?.attempt.end(reason),
    ids: () => [...running.keys()],
    ended: () => Promise.all([...running.values()].map(({ ended }) => ended)),
    get size() {
      return running.size;
    },
    get stuck() {
      return stuck;
    },
  };
}

/** Work acts for the workspace it belongs to, and signs with its own id. */
export function contextOfJob(ports: Ports, { id, workspaceId, startedAt }: Claimed): Context {
  const actor: Actor = {
    kind: "job",
    id,
    workspaceId,
    permissions: new Set(workspaceId === null ? operatorPermissions : roles.owner),
    person: null,
    application: null,
  };
  return {
    ...ports,
    actor,
    origin: { requestId: null, network: null, userAgent: null },
    at: startedAt ?? ports.clock.now(),
    target: "",
    idempotencyKey: null,
  };
}

/** What is no JSON fits no schema either. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
