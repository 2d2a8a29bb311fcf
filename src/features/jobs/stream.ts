import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { readJob } from "./list.ts";
import type { Job } from "./model.ts";

/** Streams at once in one process: each holds a connection, and asks the database now and then. */
const STREAMS_MAX = 200;
/** Of them, those of one workspace: nobody takes the others' away. */
const STREAMS_PER_WORKSPACE = 20;
/** Events that wait for a client that does not read. Then it is told the newest, when it reads again. */
const UNREAD_MAX = 4;
/** For what other processes change. */
const LOOK_EVERY_MS = 2000;
/** Bun closes a connection that says nothing for ten seconds. */
const BEAT_EVERY_MS = 5000;
/** Then the client asks again, by itself: that is what event streams do. */
const LONGEST_MS = 10 * 60_000;

/** Open ones by workspace; those of operators by `null`. */
const streams = new Map<string | null, number>();
const openStreams = (): number => [...streams.values()].reduce((sum, some) => sum + some, 0);

/**
 * A job as server-sent events: `job` with the whole job whenever it has changed, and `end` with the last one. Ends when
 * the job has, when the process stops, and after ten minutes.
 */
export async function streamJob(ctx: Context, id: string): Promise<Response> {
  const first = await readJob(ctx, id);
  const { workspaceId } = ctx.actor;
  const own = streams.get(workspaceId) ?? 0;
  if (own >= STREAMS_PER_WORKSPACE)
    throw new AppError("RATE_LIMITED", `A workspace may follow ${own} jobs at once. Close a stream first.`, {
      headers: { "retry-after": "5" },
    });
  if (openStreams() >= STREAMS_MAX || ctx.jobs.stopping)
    throw new AppError("UNAVAILABLE", "Too many streams at once. Ask for the job itself instead.", {
      headers: { "retry-after": "5" },
    });
  streams.set(workspaceId, own + 1);
  let close = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        close = follow(ctx, first, {
          tell: (text) => controller.enqueue(encoder.encode(text)),
          isRead: () => (controller.desiredSize ?? 0) > 0,
          finished: () => controller.close(),
        });
      },
      cancel: () => close(),
    },
    { highWaterMark: UNREAD_MAX },
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Proxies that collect an answer before they pass it on would keep it for ever.
      "x-accel-buffering": "no",
    },
  });
}

const encoder = new TextEncoder();

interface Listener {
  tell(text: string): void;
  /** False while what was told lies unread. */
  isRead(): boolean;
  finished(): void;
}

/** Tells until the end, and answers what ends it before. */
function follow(ctx: Context, first: Job, { tell, isRead, finished }: Listener): () => void {
  const { workspaceId } = ctx.actor;
  let told = "";
  let ended = false;
  let looking = false;
  const timers: Timer[] = [];

  const say = (event: string, job: Job): void => {
    const text = JSON.stringify(job);
    if (event === "job" && (text === told || !isRead())) return;
    told = text;
    tell(`event: ${event}\ndata: ${text}\n\n`);
  };
  function stop(): void {
    if (ended) return;
    ended = true;
    const left = (streams.get(workspaceId) ?? 1) - 1;
    if (left > 0) streams.set(workspaceId, left);
    else streams.delete(workspaceId);
    for (const timer of timers) clearInterval(timer);
    unwatch();
  }
  function end(): void {
    if (ended) return;
    stop();
    finished();
  }
  function show(job: Job): void {
    if (ended) return;
    const over = job.endedAt !== null;
    say(over ? "end" : "job", job);
    if (over || ctx.jobs.stopping) end();
  }
  async function look(): Promise<void> {
    if (looking || ended) return;
    looking = true;
    try {
      show(await readJob(ctx, first.id));
    } catch {
      // It was cleaned away, or the database is: the client asks again and is told.
      end();
    } finally {
      looking = false;
    }
  }
  const unwatch = ctx.jobs.watch(first.id as `job_${string}`, () => void look());
  timers.push(
    setInterval(() => void look(), LOOK_EVERY_MS),
    setInterval(() => isRead() && tell(": still here\n\n"), BEAT_EVERY_MS),
    setTimeout(end, LONGEST_MS),
  );
  show(first);
  return stop;
}
