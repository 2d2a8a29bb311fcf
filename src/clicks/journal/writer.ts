import { closeSync, openSync } from "node:fs";
import type { Visit } from "../../redirect/visit.ts";
import type { DailyVisitor } from "../clicks.ts";
import type { Control } from "./control.ts";
import type { JournalMode } from "./filesystem.ts";
import { HEADER_BYTES, RECORD_BYTES_MAX, SEGMENT_BYTES, seedAt } from "./layout.ts";
import { type Page, pageOver } from "./page.ts";
import { encodeVisit } from "./record.ts";
import { type DailySalt, drawSalt } from "./salt.ts";
import { writeAll } from "./segment.ts";
import { visitorHash } from "./visitor.ts";

/** Behind this place a record might not fit. */
const LAST_OFFSET = SEGMENT_BYTES - RECORD_BYTES_MAX;
const nobody = new Uint32Array(2);

/** Why a visit was not recorded. */
export type Unrecorded = "disk_full" | "no_segment" | "sync_failed" | "too_large" | "write_failed";

export interface WriterOptions {
  readonly control: Control;
  readonly mode: JournalMode;
  /** Taken over: its bytes are zeros afterwards. */
  readonly salt: DailySalt;
  readonly honorOptOut: boolean;
  /** Asks for one more segment. */
  taken(): void;
  /** Wakes threads that sleep: bits of `sleepers`. */
  wake(who: number): void;
  /** The bytes are zeros afterwards: whoever needs them longer copies them. */
  saltDrawn(salt: DailySalt): void;
}

/** A segment ready for use. */
export interface Ready {
  readonly number: number;
  readonly path: string;
  readonly seed: number;
}

interface Target extends Ready {
  readonly page: Page;
  /** In `write` mode the file; records are then composed in `page` and written from there. */
  readonly fd: number | null;
}

/** Writes visits into segments, on the redirect's own thread: the hottest code there is. */
export interface Writer {
  /** Where the record ends in the current segment, or why it could not be written. Never throws. */
  record(visit: Visit): number | Unrecorded;
  dailyKey(visitor: DailyVisitor): string;
  /** The segment the last record went to. */
  segment(): number;
  add(segment: Ready): void;
  /** Draws a new salt when the one in use does not serve at `now`. Visits do so too, but none may come. */
  renewSalt(now: number): void;
  /** Leaves a segment whose sync failed. */
  abandon(segment: number): void;
  close(): void;
}

export function openWriter(options: WriterOptions): Writer {
  const { control, mode, honorOptOut } = options;
  const scratch = mode === "write" ? pageOver(new Uint8Array(new ArrayBuffer(RECORD_BYTES_MAX))) : null;
  const hash = visitorHash(options.salt.salt);
  const queue: Target[] = [];
  let { from: saltFrom, to: saltTo } = options.salt;
  // Of a salt there is the one copy that the next one overwrites.
  options.salt.salt.fill(0);
  let target: Target | null = null;
  let offset = SEGMENT_BYTES;
  let closed = false;

  function open(ready: Ready): Target {
    if (scratch !== null) return { ...ready, page: scratch, fd: openSync(ready.path, "r+") };
    return { ...ready, page: pageOver(Bun.mmap(ready.path, { shared: true })), fd: null };
  }

  function advance(): Target | null {
    leave();
    const next = queue.shift();
    if (next === undefined || closed) return null;
    target = next;
    offset = HEADER_BYTES;
    control.begin(next.number);
    options.taken();
    return next;
  }

  function leave(): void {
    if (target !== null && target.fd !== null) closeSync(target.fd);
    target = null;
    offset = SEGMENT_BYTES;
  }

  function visitorOf(visit: Visit): Uint32Array {
    if (visit.optedOut && honorOptOut) return nobody;
    renewSalt(visit.at);
    return hash.of(visit);
  }

  function renewSalt(now: number): void {
    if (now < saltTo && now >= saltFrom) return;
    const drawn = drawSalt(now);
    ({ from: saltFrom, to: saltTo } = drawn);
    hash.useSalt(drawn.salt);
    options.saltDrawn(drawn);
    drawn.salt.fill(0);
  }

  /** In `write` mode. A record that fits only in part is not published, and the next one overwrites it. */
  function store(fd: number, page: Page, length: number): Unrecorded | null {
    try {
      writeAll(fd, page.bytes.subarray(0, length), offset);
      return null;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === "ENOSPC" || code === "EDQUOT" ? "disk_full" : "write_failed";
    }
  }

  function publish(segment: number, end: number): number {
    offset = end;
    control.publish(segment, end);
    const asleep = control.wake();
    if (asleep !== 0) options.wake(asleep);
    return end;
  }

  return {
    record(visit) {
      const to = offset > LAST_OFFSET ? advance() : target;
      if (to === null) return control.diskFull() ? "disk_full" : "no_segment";
      const place = to.fd === null ? offset : 0;
      const length = encodeVisit(to.page, place, seedAt(to.seed, offset), visit, visitorOf(visit));
      if (length === 0) return "too_large";
      const failed = to.fd === null ? null : store(to.fd, to.page, length);
      return failed ?? publish(to.number, offset + length);
    },
    dailyKey(visitor) {
      renewSalt(visitor.at);
      return hash.key(visitor);
    },
    segment: () => target?.number ?? 0,
    add(ready) {
      if (!closed) queue.push(open(ready));
    },
    abandon(segment) {
      if (target?.number === segment) leave();
    },
    renewSalt,
    close() {
      closed = true;
      leave();
      for (const one of queue.splice(0)) if (one.fd !== null) closeSync(one.fd);
    },
  };
}
