import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Click } from "./click.ts";
import { enricher } from "./enrich/enrich.ts";
import { openSource, readBatch, type Source } from "./fold.ts";
import { bytesBetween, type Control, isBefore } from "./journal/control.ts";
import {
  type FoundSegment,
  inspectJournal,
  type JournalFolder,
  journalPath,
  setAside,
} from "./journal/directory.ts";
import { segmentName } from "./journal/segment.ts";
import type { FromCounter } from "./messages.ts";
import type { ClickStore, JournalPosition } from "./store.ts";

const BATCH_CLICKS = { min: 1024, max: 32_768 } as const;
/** A transaction that takes longer is followed by a smaller one: questions wait for it. */
const BATCH_MS = 150;

/** The way of clicks from the journal into the store, one batch after the other. */
export interface Folding {
  /** Number for the first segment of this process. */
  readonly next: number;
  /** Folds one batch; false when there was nothing to fold. */
  step(): Promise<boolean>;
  /** Whether something published before `target` is not folded yet. */
  isBehind(target: JournalPosition | null): boolean;
  /** Lets go of the segment in use too, if all of it is folded: for a clean stop. */
  finish(): Promise<void>;
  state(): { readonly folded: number; readonly quarantined: number; readonly lagBytes: number };
}

/** A stretch of journal that can be read now. */
interface Stretch {
  readonly number: number;
  readonly path: string;
  readonly end: number;
  /** See `Span.published`. */
  readonly published: boolean;
  /** Nothing more will be written to this segment. */
  readonly isFinal: boolean;
  /** Where the journal goes on behind it. */
  readonly next: number;
}

/**
 * Looks through the journal and begins where the store left off: first with what another life left behind, then
 * with what the writer publishes.
 * @throws JournalError when the journal must not be touched by this version
 */
export async function openFolding(
  { dataDir, installation, control }: { dataDir: string; installation: string; control: Control },
  store: ClickStore,
  tell: (message: FromCounter) => void,
): Promise<Folding> {
  const folder = journalPath(dataDir);
  const enrich = enricher();
  let position = await store.position();
  // A counter that was started anew finds segments of this very process: they are read as they are written.
  const before = control.first() || Number.POSITIVE_INFINITY;
  const found = inspectJournal(folder, installation, position.segment === 0 ? null : position, before);
  const old = await pending(found, store, position);
  let quarantined = reportOddities(found, tell);
  let folded = 0;
  let batchClicks: number = BATCH_CLICKS.min;
  let source: Source | null = null;

  /** The next stretch behind the position; null when the writer has not begun. */
  function stretch(): Stretch | null {
    const [left, behind] = old;
    const first = control.first();
    if (left !== undefined)
      return {
        number: left.number,
        path: left.path,
        end: left.sizeBytes,
        published: false,
        isFinal: true,
        next: behind?.number ?? (first || found.next),
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

  async function step(): Promise<boolean> {
    const here = stretch();
    if (here === null) return false;
    const from = here.number === position.segment ? position.offset : 0;
    if (from >= here.end && !here.isFinal) return false;
    await (here.isFinal && !existsSync(here.path) ? skip(here) : fold(here, from));
    return true;
  }

  async function fold(here: Stretch, from: number): Promise<void> {
    const began = performance.now();
    const batch = readBatch(reading(here), { ...here, from }, enrich, batchClicks);
    // Before the position moves on: afterwards nobody reads these bytes again.
    for (const { offset, bytes } of batch.damage) setAside(folder, here.number, offset, bytes);
    const isDone = here.isFinal && batch.to >= here.end;
    const isNew = await moveTo(
      batch.clicks,
      isDone ? { segment: here.next, offset: 0 } : { segment: here.number, offset: batch.to },
    );
    // Counted once it is stored: until then the same stretch is read again at every try.
    if (isNew) for (const { offset, bytes } of batch.damage) countDamage(here.number, offset, bytes.length);
    adapt(batch.clicks.length, performance.now() - began);
    if (isDone) await letGo(here);
  }

  /** Somebody has removed a segment that was not folded yet: there is nothing left to wait for. */
  async function skip({ number, next }: Stretch): Promise<void> {
    if (await moveTo([], { segment: next, offset: 0 }))
      quarantined += reportOddities({ refused: [], missing: [number] }, tell);
    if (old[0]?.number === number) old.shift();
  }

  function reading({ number, path }: Stretch): Source {
    if (source?.number === number) return source;
    source?.close();
    source = null;
    source = openSource(path, number);
    return source;
  }

  /** Large transactions cost less a click, and hold up questions longer. */
  function adapt(clicks: number, tookMs: number): void {
    if (tookMs > BATCH_MS) batchClicks = Math.max(BATCH_CLICKS.min, batchClicks / 2);
    else if (clicks === batchClicks && tookMs < BATCH_MS / 3)
      batchClicks = Math.min(BATCH_CLICKS.max, batchClicks * 2);
  }

  /** False when the position was there already. */
  async function moveTo(clicks: readonly Click[], upTo: JournalPosition): Promise<boolean> {
    if (!isBefore(position, upTo)) return false;
    await store.append(clicks, upTo);
    position = upTo;
    folded += clicks.length;
    return true;
  }

  /** A segment goes only when what was folded of it would survive a power cut. */
  async function letGo({ number, path }: Pick<Stretch, "number" | "path">): Promise<void> {
    source?.close();
    source = null;
    await store.durable();
    rmSync(path, { force: true });
    if (old[0]?.number === number) old.shift();
  }

  function countDamage(segment: number, offset: number, bytes: number): void {
    quarantined++;
    const facts = { segment, offset, bytes };
    tell({
      kind: "log",
      level: "error",
      message: "A damaged stretch of the click journal was set aside",
      facts,
    });
  }

  const isBehind = (target: JournalPosition | null): boolean =>
    old.length > 0 || (target !== null && isBefore(position, target));

  return {
    next: found.next,
    step,
    isBehind,
    async finish() {
      const number = control.current();
      if (number === 0 || isBehind(control.end())) return;
      await moveTo([], { segment: number + 1, offset: 0 });
      await letGo({ number, path: join(folder, segmentName(number)) });
    },
    state() {
      const end = control.end();
      const left = old.reduce((sum, one) => sum + one.sizeBytes, 0);
      const from = position.segment < control.first() ? { segment: control.first(), offset: 0 } : position;
      return { folded, quarantined, lagBytes: left + (end === null ? 0 : bytesBetween(from, end)) };
    },
  };
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
function reportOddities(
  { refused, missing }: Pick<JournalFolder, "refused" | "missing">,
  tell: (message: FromCounter) => void,
): number {
  const log = (message: string, facts: Record<string, unknown>) =>
    tell({ kind: "log", level: "error", message, facts });
  for (const { name, reason } of refused)
    log("A file in the click journal was refused and moved to refused/", { name, reason });
  if (missing.length > 0)
    log("Segments of the click journal are missing; their clicks are lost", {
      segments: missing.slice(0, 20),
      count: missing.length,
    });
  return refused.length + missing.length;
}
