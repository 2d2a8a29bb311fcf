import { rmSync } from "node:fs";
import { join } from "node:path";
import { enricher } from "./enrich/enrich.ts";
import { openSource, readBatch, type Source } from "./fold.ts";
import { bytesBetween, isBefore, openControl } from "./journal/control.ts";
import {
  type FoundSegment,
  inspectJournal,
  type JournalFolder,
  journalPath,
  setAside,
} from "./journal/directory.ts";
import { segmentName } from "./journal/segment.ts";
import type { Ask, CounterInit, FromCounter } from "./messages.ts";
import type { ClickStore, JournalPosition } from "./store.ts";

const RETRY_MS = 1000;
const BATCH_CLICKS = { min: 1024, max: 32_768 } as const;
/** A transaction that takes longer is followed by a smaller one: questions wait for it. */
const BATCH_MS = 150;

/** The click store's thread: folds the journal into the store, and answers what is asked of it. */
export interface Counter {
  /** Number for the first segment of this process. */
  readonly next: number;
  /** There is something to fold again. */
  wake(): void;
  ask(ask: Ask): Promise<unknown>;
}

/** A stretch of journal that can be read now. */
interface Stretch {
  readonly number: number;
  readonly path: string;
  readonly end: number;
  /** See `readBatch`. */
  readonly published: boolean;
  /** Nothing more will be written to this segment. */
  readonly isFinal: boolean;
  /** Where the journal goes on behind it. */
  readonly next: number;
}

/**
 * Opens the store's side of the journal. What another life left behind is folded first, then what the writer
 * publishes.
 * @throws JournalError when the journal must not be touched by this version
 */
export async function openCounter(
  init: CounterInit,
  store: ClickStore,
  tell: (message: FromCounter) => void,
): Promise<Counter> {
  const folder = journalPath(init.dataDir);
  const control = openControl(init.control);
  const enrich = enricher();
  let position = await store.position();
  // A counter that was started anew finds segments of this very process: they are read as they are written.
  const found = inspectJournal(
    folder,
    init.installation,
    position.segment === 0 ? null : position,
    control.first() || Number.POSITIVE_INFINITY,
  );
  const old = await pending(found, store, position);
  let quarantined = reportOddities(found, tell);
  let folded = 0;
  let batchClicks: number = BATCH_CLICKS.min;
  let problem: string | null = null;
  let source: Source | null = null;
  let timer: Timer | null = null;
  let stopped = false;

  /** The next stretch behind the position; null when the writer has not begun. */
  function stretch(): Stretch | null {
    const left = old[0];
    const first = control.first();
    if (left !== undefined)
      return {
        number: left.number,
        path: left.path,
        end: left.sizeBytes,
        published: false,
        isFinal: true,
        next: old[1]?.number ?? (first || found.next),
      };
    if (first === 0) return null;
    const number = Math.max(position.segment, first);
    // Read before its end: once the writer has gone on, the end of a segment stays.
    const isFinal = control.current() > number;
    return {
      number,
      path: join(folder, segmentName(number)),
      end: control.endOf(number),
      published: true,
      isFinal,
      next: number + 1,
    };
  }

  /** Folds one batch; false when there was nothing to fold. */
  async function step(): Promise<boolean> {
    const here = stretch();
    if (here === null) return false;
    const from = here.number === position.segment ? position.offset : 0;
    if (from >= here.end && !here.isFinal) return false;
    const began = performance.now();
    const batch = readBatch(reading(here), { ...here, from }, enrich, batchClicks);
    for (const { offset, bytes } of batch.damage) quarantine(here.number, offset, bytes);
    const isDone = here.isFinal && batch.to >= here.end;
    await moveTo(
      batch.clicks,
      isDone ? { segment: here.next, offset: 0 } : { segment: here.number, offset: batch.to },
    );
    adapt(batch.clicks.length, performance.now() - began);
    if (isDone) await letGo(here);
    return true;
  }

  /** Large transactions cost less a click, and hold up questions longer. */
  function adapt(clicks: number, tookMs: number): void {
    if (tookMs > BATCH_MS) batchClicks = Math.max(BATCH_CLICKS.min, batchClicks / 2);
    else if (clicks === batchClicks && tookMs < BATCH_MS / 3)
      batchClicks = Math.min(BATCH_CLICKS.max, batchClicks * 2);
  }

  function reading({ number, path }: Stretch): Source {
    if (source?.number === number) return source;
    source?.close();
    source = openSource(path, number);
    return source;
  }

  async function moveTo(clicks: Parameters<ClickStore["append"]>[0], upTo: JournalPosition): Promise<void> {
    if (!isBefore(position, upTo)) return;
    await store.append(clicks, upTo);
    position = upTo;
    folded += clicks.length;
  }

  /** A segment goes only when what was folded of it would survive a power cut. */
  async function letGo(here: Stretch): Promise<void> {
    source?.close();
    source = null;
    await store.durable();
    rmSync(here.path, { force: true });
    if (old[0]?.number === here.number) old.shift();
  }

  function quarantine(segment: number, offset: number, bytes: Buffer): void {
    setAside(folder, segment, offset, bytes);
    quarantined++;
    const facts = { segment, offset, bytes: bytes.length };
    tell({
      kind: "log",
      level: "error",
      message: "A damaged stretch of the click journal was set aside",
      facts,
    });
  }

  /** Folds up to `target` at least, with a breath between batches for questions. */
  async function foldTo(target: JournalPosition | null): Promise<void> {
    while (old.length > 0 || (target !== null && isBefore(position, target))) {
      if (!(await step())) break;
      report();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function report(): void {
    const end = control.end();
    const left = old.reduce((sum, one) => sum + one.sizeBytes, 0);
    const from = position.segment < control.first() ? { segment: control.first(), offset: 0 } : position;
    const lagBytes = left + (end === null ? 0 : bytesBetween(from, end));
    tell({ kind: "progress", progress: { folded, quarantined, lagBytes, problem } });
  }

  /** One fold at a time, in the order they were asked for. */
  let turn: Promise<void> = Promise.resolve();
  function fold(): Promise<void> {
    const target = control.end();
    const mine = turn.then(() => foldTo(target));
    turn = mine.catch(() => {});
    return mine.then(
      () => setProblem(null),
      (error: Error) => {
        setProblem(`Clicks are kept in the journal but not counted: ${error.message}`);
        throw error;
      },
    );
  }

  function setProblem(next: string | null): void {
    if (next === problem) return;
    problem = next;
    report();
    if (next !== null)
      tell({ kind: "log", level: "error", message: "Clicks cannot be counted", facts: { problem: next } });
  }

  function schedule(afterMs: number): void {
    if (stopped || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      fold().then(rest, () => schedule(RETRY_MS));
    }, afterMs);
  }

  /** Sleeps when there is nothing to fold; the writer's next record wakes. */
  function rest(): void {
    if (!hasMore()) control.sleep("counter");
    if (hasMore()) schedule(init.foldEveryMs);
  }

  function hasMore(): boolean {
    const end = control.end();
    return old.length > 0 || (end !== null && isBefore(position, end));
  }

  async function stop(): Promise<void> {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    try {
      await fold();
      const end = control.end();
      // The segment in use is let go of too: after a clean stop the journal is empty.
      if (end !== null && !isBefore(position, end)) {
        const last = control.current();
        await moveTo([], { segment: last + 1, offset: 0 });
        await store.durable();
        rmSync(join(folder, segmentName(last)), { force: true });
      }
    } finally {
      source?.close();
      await store.close();
    }
  }

  async function ask(what: Ask): Promise<unknown> {
    switch (what.name) {
      case "query":
        return store.query(what.question);
      case "totals":
        return store.totals(what.linkIds);
      case "totalsSince":
        return store.totalsSince(what.sequence, what.limit);
      case "forget":
        await fold();
        return store.forget(what.what);
      case "settled":
        await fold();
        return store.settled();
      case "clicksOf": {
        await fold();
        const [totals] = await store.totals([what.linkId]);
        return totals?.clicks ?? 0;
      }
      case "stop":
        return stop();
    }
  }

  schedule(0);
  return { next: found.next, wake: () => schedule(init.foldEveryMs), ask };
}

/** The segments still to fold. Those folded already are removed: the process ended before it could. */
async function pending(
  { segments }: JournalFolder,
  store: ClickStore,
  position: JournalPosition,
): Promise<FoundSegment[]> {
  const done = segments.filter((one) => one.number < position.segment);
  if (done.length > 0) await store.durable();
  for (const { path } of done) rmSync(path, { force: true });
  return segments.filter((one) => one.number >= position.segment);
}

/** Tells of files and gaps that should not be; returns how many. */
function reportOddities({ refused, missing }: JournalFolder, tell: (message: FromCounter) => void): number {
  for (const { name, reason } of refused) {
    const facts = { name, reason };
    tell({
      kind: "log",
      level: "error",
      message: "A file in the click journal was refused and moved to refused/",
      facts,
    });
  }
  if (missing.length > 0) {
    const facts = { segments: missing.slice(0, 20), count: missing.length };
    tell({
      kind: "log",
      level: "error",
      message: "Segments of the click journal are missing; their clicks are lost",
      facts,
    });
  }
  return refused.length + missing.length;
}
