import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Visit } from "../redirect/visit.ts";
import type { DailyVisitor } from "./clicks.ts";
import { openAcks } from "./journal/acks.ts";
import { type Control, sleepers } from "./journal/control.ts";
import type { JournalMode } from "./journal/filesystem.ts";
import { type DailySalt, drawSalt, readSalt, writeSalt } from "./journal/salt.ts";
import { segmentName } from "./journal/segment.ts";
import { openWriter, type Unrecorded, type Writer } from "./journal/writer.ts";
import type { FromKeeper, ToKeeper } from "./messages.ts";
import { openTally, type Tally } from "./tally.ts";
import { startThread, type Thread } from "./thread.ts";

export interface RecorderOptions {
  readonly control: Control;
  /** The journal folder; it exists. */
  readonly folder: string;
  readonly installation: string;
  readonly mode: JournalMode;
  /** A visit's promise resolves when it is on disk. */
  readonly strict: boolean;
  readonly syncEveryMs: number;
  readonly honorOptOut: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tests bring threads that die. */
  readonly start?: typeof startThread<ToKeeper, FromKeeper>;
  /** The counter sleeps and there is something to count. */
  wakeCounter(): void;
}

/** The redirect's side of the journal: the writer on this thread, and the keeper on one of its own. */
export interface Recorder {
  /**
   * Resolves when visits can be recorded.
   * @param numbered the number of the first segment, once it is known
   */
  start(numbered: Promise<number>): Promise<void>;
  /** See `Clicks.record`. Under `strict` the promise rejects when the visit's segment could not be synced. */
  record(visit: Visit): void | Promise<void>;
  /** See `Clicks.dailyKey`. Empty before the start. */
  dailyKey(visitor: DailyVisitor): string;
  /** Records nothing more; resolves when all that was recorded is on disk. */
  stop(): Promise<void>;
  /**
   * Destroys a salt whose day is over, in memory and on disk, though no visit comes. Done every minute from
   * `start` to `stop`.
   */
  renewSalt(): void;
  readonly tally: Tally;
  /** Why visits are not recorded; null when they are. */
  problem(): string | null;
}

/** Often, and not once at midnight: the clock may be set, and a machine may sleep. */
const RENEW_SALT_MS = 60_000;
/** How soon a keeper that died is followed by another, and how many of them are tried. */
const AGAIN_MS = 100;
const KEEPERS_MAX = 10;

export function openRecorder(options: RecorderOptions): Recorder {
  const { control, folder, clock, log, strict, start = startThread<ToKeeper, FromKeeper> } = options;
  const acks = openAcks();
  const tally = openTally();
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let writer: Writer | null = null;
  let keeper: Thread<ToKeeper> | null = null;
  let renewing: Timer | undefined;
  let problem: string | null = null;
  /** Why the last visit was not recorded, where that is the disk's fault. */
  let refusal: string | null = null;
  /** A disk that failed a sync has lost our trust until somebody has looked and started us again. */
  let isDistrusted = false;

  let first = 0;
  let last = 0;
  let keepers = 0;
  let isStopping = false;
  let again: Timer | undefined;

  // Whoever starts waits for it; when it fails before, nobody does yet.
  begun.promise.catch(() => {});

  function hear(message: FromKeeper): void {
    switch (message.kind) {
      case "segment":
        ready(message);
        break;
      case "synced":
        acks.synced(message);
        break;
      case "syncFailed":
        syncFailed(message);
        break;
      case "noSegment":
        noSegment(message);
        break;
      case "stopped":
        ended.resolve();
        break;
      case "log":
        log[message.level](message.message, message.facts);
    }
  }

  function ready(segment: Extract<FromKeeper, { kind: "segment" }>): void {
    last = segment.number;
    try {
      writer?.add(segment);
      begun.resolve();
      recovered();
    } catch (error) {
      // Not mappable after all, or out of file descriptors.
      noSegment({ kind: "noSegment", code: "UNUSABLE", message: (error as Error).message });
    }
  }

  function syncFailed({ segment, offset, message }: Extract<FromKeeper, { kind: "syncFailed" }>): void {
    writer?.abandon(segment);
    const path = join(folder, segmentName(segment));
    const visits = tally.takeBack(path, offset, control.endOf(segment));
    isDistrusted = true;
    problem = `The click journal could not be synced to disk: ${message}. Look after the disk, then restart Waypost.`;
    log.error("The click journal could not be synced; its segment is given up", { segment, visits, message });
    acks.failed(segment, new Error(problem));
  }

  function recovered(): void {
    if (problem === null || isDistrusted) return;
    problem = null;
    log.info("The click journal is written again");
  }

  function noSegment({ code, message }: Extract<FromKeeper, { kind: "noSegment" }>): void {
    if (problem === null) log.error("No new segment of the click journal could be made", { code, message });
    if (!isDistrusted)
      problem = control.diskFull() ? refusals.disk_full! : `The click journal cannot grow: ${message}.`;
    // Redirects must work with a full disk, from the start on.
    begun.resolve();
  }

  /** Its state is in its segments, so the next one goes on where it was; meanwhile nothing is synced. */
  function died(error: Error): void {
    if (first === 0 || isStopping || keepers >= KEEPERS_MAX) {
      giveUp(error);
      return;
    }
    keeper = null;
    problem = `The click journal is not synced for the moment: ${error.message}.`;
    log.error("The keeper of the click journal ended; another one is started", { error });
    again = setTimeout(keep, AGAIN_MS);
  }

  function keep(): void {
    keepers++;
    keeper ??= start("clicks-keeper", hear, died);
    keeper.post({
      role: "keeper",
      control: control.memory,
      folder,
      installation: options.installation,
      next: last + 1,
      from: first,
      syncEveryMs: strict ? 0 : options.syncEveryMs,
      acknowledge: strict,
    });
    if (keepers > 1) recovered();
  }

  function giveUp(error: Error): void {
    keeper = null;
    problem = `The click journal is no longer kept: ${error.message}. Restart Waypost.`;
    log.error("The keeper of the click journal ended", { error });
    // Nobody syncs any more, so nothing more is recorded as if somebody did.
    writer?.close();
    acks.failed(Number.MAX_SAFE_INTEGER, error);
    begun.reject(error);
    ended.resolve();
  }

  /** A bug here must not take a redirect with it. */
  function written(to: Writer, visit: Visit): number | Unrecorded {
    try {
      return to.record(visit);
    } catch (error) {
      if (tally.unrecorded.write_failed === 0) log.error("A visit could not be written down", { error });
      return "write_failed";
    }
  }

  function refused(reason: Unrecorded): void {
    const next = refusals[reason] ?? null;
    if (next !== null && next !== refusal) log.error("Visits are not recorded", { reason });
    refusal = next;
  }

  const keepSalt = ({ salt, to }: Pick<DailySalt, "salt" | "to">): void =>
    keeper?.post({ kind: "salt", salt, to });

  function renewSalt(): void {
    const now = clock.now();
    writer?.renewSalt(now);
    // With a keeper the new salt is on its way to the disk, and tried again until it is there.
    if (keeper !== null) return;
    try {
      if (readSalt(folder, now) === null) writeSalt(folder, drawSalt(now));
    } catch (error) {
      log.error("The visitor salt of another day could not be destroyed", { error });
    }
  }

  return {
    tally,
    renewSalt,
    problem: () => problem ?? refusal,
    async start(numbered) {
      // The thread loads its code while the counter still looks through the journal.
      keeper = start("clicks-keeper", hear, died);
      let next: number;
      try {
        next = await numbered;
      } catch (error) {
        keeper.end();
        keeper = null;
        throw error;
      }
      const { isKept, ...salt } = todaysSalt(folder, clock.now(), log);
      const unkept = isKept ? null : { ...salt, salt: Uint8Array.from(salt.salt) };
      writer = openWriter({
        control,
        mode: options.mode,
        salt,
        honorOptOut: options.honorOptOut,
        taken: () => keeper?.post({ kind: "taken" }),
        wake(who) {
          if (who & sleepers.keeper) keeper?.post({ kind: "wake" });
          if (who & sleepers.counter) options.wakeCounter();
        },
        saltDrawn: keepSalt,
      });
      first = next;
      last = next - 1;
      keep();
      await begun.promise;
      // Before it has begun the keeper takes no messages.
      if (unkept !== null) keepSalt(unkept);
      renewing = setInterval(renewSalt, RENEW_SALT_MS);
      renewing.unref();
    },
    record(visit) {
      if (writer === null) {
        tally.add("no_segment", visit);
        return;
      }
      const place = written(writer, visit);
      if (!tally.add(place, visit)) return refused(place);
      if (refusal !== null) refusal = null;
      if (strict) return acks.wait(writer.segment(), place);
    },
    dailyKey: (visitor) => writer?.dailyKey(visitor) ?? "",
    async stop() {
      clearInterval(renewing);
      clearTimeout(again);
      isStopping = true;
      writer?.close();
      if (keeper === null) return;
      keeper.post({ kind: "stop" });
      await ended.promise;
      keeper?.end();
      keeper = null;
    },
  };
}

/** What an operator can do something about. */
const refusals: Partial<Record<Unrecorded, string>> = {
  disk_full: "The disk is full: clicks are not recorded until there is space again.",
  write_failed: "The click journal cannot be written. Look at the log, and after the disk.",
};

/** Today's salt: the one kept from before a restart, or a new one, which is not kept where the disk refuses it. */
function todaysSalt(folder: string, now: number, log: Logger): DailySalt & { readonly isKept: boolean } {
  const drawn = drawSalt(now);
  try {
    const kept = readSalt(folder, now);
    if (kept !== null) return { ...kept, isKept: true };
    writeSalt(folder, drawn);
    return { ...drawn, isKept: true };
  } catch (error) {
    log.error("The visitor salt could not be kept", { error });
    return { ...drawn, isKept: false };
  }
}
