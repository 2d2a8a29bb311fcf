import { mkdirSync } from "node:fs";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Service } from "../lib/service.ts";
import { openClaims } from "./claims.ts";
import type { Clicks } from "./clicks.ts";
import { openCounting } from "./counting.ts";
import { openControl } from "./journal/control.ts";
import { journalPath } from "./journal/directory.ts";
import { type JournalMode, journalMode } from "./journal/filesystem.ts";
import { installationMark } from "./journal/segment.ts";
import { openRecorder } from "./recorder.ts";

export interface ClicksOptions {
  /** The data folder. `clicks.db` and `journal/` are made in it; so is the folder itself. */
  readonly dataDir: string;
  /** Any text that names this installation for good: another installation's journal is not counted. */
  readonly installationId: string;
  /** `window`: a click is on disk `syncEveryMs` after it was recorded. `strict`: `record` resolves once it is. */
  readonly durability: "window" | "strict";
  readonly syncEveryMs: number;
  /** How long a recorded click may wait before it shows in totals and answers. 100 by default. */
  readonly foldEveryMs?: number;
  /** `auto` maps the journal where the file system is known to be safe for it. */
  readonly journalMode: "auto" | JournalMode;
  /** Visitors who opted out are counted without a visitor id. */
  readonly honorOptOut: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

const FOLD_EVERY_MS = 100;
/** How often the ledger is told of what could not be recorded: a kill takes away no more than that. */
const NOTE_EVERY_MS = 1000;

/**
 * Clicks on this machine: a journal written by this thread, and two threads that sync and count it.
 *
 * `start` resolves when visits can be recorded; it rejects with a JournalError, or the store's error, when the
 * data folder must not be touched by this version. `stop` records nothing more, folds everything, and leaves an
 * empty journal. Before `start` and after `stop` visits are counted as `no_segment`.
 */
export function openClicks(options: ClicksOptions): Clicks & Service {
  const { dataDir, clock, log } = options;
  const folder = journalPath(dataDir);
  const installation = installationMark(options.installationId);
  const control = openControl();
  const counting = openCounting(
    {
      role: "counter",
      control: control.memory,
      dataDir,
      installation,
      foldEveryMs: options.foldEveryMs ?? FOLD_EVERY_MS,
    },
    log,
  );
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const recorder = openRecorder({
    control,
    folder,
    installation,
    mode: journalMode(folder, options.journalMode),
    strict: options.durability === "strict",
    syncEveryMs: options.syncEveryMs,
    honorOptOut: options.honorOptOut,
    clock,
    log,
    wakeCounter: counting.wake,
  });
  const run = crypto.randomUUID();
  let noted = 0;
  let noting: Timer | undefined;
  /** The counts are absolute: what is told again, after a failure or by two at once, is not counted again. */
  async function note(): Promise<void> {
    const dropped = recorder.tally.dropped();
    const all = dropped.reduce((sum, { count }) => sum + count, 0);
    if (all === noted) return;
    await counting.ask({ name: "note", run, dropped });
    noted = all;
  }
  const noteLater = (): void => void note().catch(() => {});
  const claims = openClaims((linkId) => counting.ask<number>({ name: "clicksOf", linkId }));

  return {
    name: "clicks",
    async start() {
      await recorder.start(counting.start());
      noting = setInterval(noteLater, NOTE_EVERY_MS);
      noting.unref();
    },
    async stop() {
      clearInterval(noting);
      await recorder.stop();
      // A store that cannot be written has said so already.
      await note().catch(() => {});
      await counting.stop();
    },
    record(visit) {
      const { link } = visit;
      // A limit that is taken off and set again later counts what went by without it.
      if (claims.size > 0 && link !== null && link.clicksLimit === null && !link.extras?.needs?.clicks)
        claims.forget(link.id);
      return recorder.record(visit);
    },
    throttled: recorder.tally.throttled,
    claim: claims.claim,
    exhausted: claims.exhausted,
    used: claims.used,
    dailyKey: recorder.dailyKey,
    query: (question) => counting.ask({ name: "query", question }),
    totals: (linkIds) => counting.ask({ name: "totals", linkIds }),
    sequenceAtStart: () => counting.ask({ name: "sequenceAtStart" }),
    totalsSince: (sequence, limit) => counting.ask({ name: "totalsSince", sequence, limit }),
    async ledger(workspaceId, from, to) {
      await note();
      return counting.ask({ name: "ledger", workspaceId, from, to });
    },
    async forget(what) {
      await counting.ask({ name: "forget", what });
      if (what.linkId === undefined) claims.forgetAll();
      else claims.forget(what.linkId);
    },
    settled: () => counting.ask({ name: "settled" }),
    health() {
      const { folded, quarantined, lagBytes, problem } = counting.progress();
      return {
        recorded: recorder.tally.recorded,
        unrecorded: { ...recorder.tally.unrecorded },
        quarantined,
        lagBytes,
        folded,
        problem: recorder.problem() ?? problem,
      };
    },
  };
}
