import { closeSync, fdatasyncSync, openSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { FromKeeper, KeeperInit } from "../messages.ts";
import { type Control, openControl } from "./control.ts";
import { HEADER_BYTES, SEGMENT_BYTES } from "./layout.ts";
import { type DailySalt, writeSalt } from "./salt.ts";
import { isUnfinished, makeSegment, segmentName, segmentNumber } from "./segment.ts";

/** Segments made ahead of the writer. At full speed one lasts a third of a second. */
const SPARES = 3;

/**
 * Left free for the store: a journal that took the last byte could not be folded, and so never be let go of.
 */
const STORE_RESERVE_BYTES = 96 * 1024 * 1024;

/** What the keeper does to the disk; exchanged by tests that let it fail. */
export interface KeeperDisk {
  makeSegment: typeof makeSegment;
  sync(fd: number): void;
  /** Bytes a process like ours may still write where the folder lies. */
  freeBytes(folder: string): number;
  writeSalt: typeof writeSalt;
  /** How long to wait after a segment could not be made, or a salt not be written. */
  readonly retryMs: number;
}
export const realDisk: KeeperDisk = {
  makeSegment,
  sync: fdatasyncSync,
  freeBytes(folder) {
    const { bavail, bsize, blocks } = statfsSync(folder);
    // Some mounts do not tell.
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
  },
  writeSalt,
  retryMs: 1000,
};

const diskFull = Object.assign(new Error("the disk has no space left for the click journal"), {
  code: "ENOSPC",
});

/**
 * Keeps the journal: makes segments ahead of the writer and syncs what was written. It runs in a thread of its
 * own, apart from folding and questions, because nothing may come between a click and its sync but the disk.
 */
export interface Keeper {
  wake(): void;
  /** The writer took a segment into use. */
  taken(): void;
  /** Writes the salt over the one before. Tried until it succeeds: the one before must not stay. */
  keepSalt(salt: Uint8Array, to: number): void;
  /** Syncs all that is published and removes the segments nobody used. */
  stop(): Promise<void>;
}

interface Open {
  readonly number: number;
  readonly fd: number;
  syncedTo: number;
}

export function openKeeper(init: KeeperInit, tell: (message: FromKeeper) => void, disk = realDisk): Keeper {
  const control: Control = openControl(init.control);
  const open: Open[] = [];
  let next = init.next;
  let spares = 0;
  let making: Promise<void> = Promise.resolve();
  let isMaking = false;
  let stopped = false;
  let timer: Timer | null = null;
  let unkept: Pick<DailySalt, "salt" | "to"> | null = null;
  let saltTimer: Timer | undefined;

  function isDirty(): boolean {
    return open.some((one) => one.number <= control.current() && control.endOf(one.number) > one.syncedTo);
  }

  /** Syncs every segment the writer has been in, oldest first, and closes those it has left. */
  function sync(): void {
    const current = control.current();
    while (open[0] !== undefined && open[0].number <= current) {
      const one = open[0];
      // Read before the sync: what is published during it may or may not be covered.
      const end = control.endOf(one.number);
      if (end > one.syncedTo && !syncOne(one, end)) continue;
      if (one.number === current) break;
      // The writer may have published its last records after the end was read; it has moved on, so look again.
      if (control.endOf(one.number) > one.syncedTo) continue;
      closeSync(one.fd);
      open.shift();
    }
  }

  function syncOne(one: Open, end: number): boolean {
    try {
      disk.sync(one.fd);
      one.syncedTo = end;
      if (init.acknowledge) tell({ kind: "synced", segment: one.number, offset: end });
      return true;
    } catch (error) {
      // The system marks pages clean when their sync failed, so a second sync would succeed and prove nothing.
      open.splice(open.indexOf(one), 1);
      closeSync(one.fd);
      tell({
        kind: "syncFailed",
        segment: one.number,
        offset: one.syncedTo,
        message: (error as Error).message,
      });
      return false;
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer ??= setTimeout(() => {
      timer = null;
      sync();
      if (isDirty()) schedule();
      else rest();
    }, init.syncEveryMs);
  }

  function rest(): void {
    control.sleep("keeper");
    if (isDirty()) schedule();
  }

  /** A breath between chunks of a new segment, in which a sync that is due is done. */
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function makeSpares(): Promise<void> {
    isMaking = true;
    while (!stopped && spares < SPARES) {
      try {
        if (disk.freeBytes(init.folder) < STORE_RESERVE_BYTES + SEGMENT_BYTES) throw diskFull;
        const { path, fd, seed } = await disk.makeSegment(init.folder, next, init.installation, pause);
        open.push({ number: next, fd, syncedTo: HEADER_BYTES });
        spares++;
        control.setDiskFull(false);
        tell({ kind: "segment", number: next++, path, seed });
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "UNKNOWN";
        control.setDiskFull(code === "ENOSPC" || code === "EDQUOT");
        tell({ kind: "noSegment", code, message: (error as Error).message });
        setTimeout(make, disk.retryMs);
        break;
      }
    }
    isMaking = false;
  }

  function make(): void {
    if (!isMaking && !stopped) making = makeSpares();
  }

  /** Tells of a failure once for each salt, however often it is tried again. */
  function writeUnkept(isFirst: boolean): void {
    clearTimeout(saltTimer);
    if (unkept === null) return;
    try {
      disk.writeSalt(init.folder, unkept);
      unkept.salt.fill(0);
      unkept = null;
    } catch (error) {
      const facts = { error: (error as Error).message };
      if (isFirst)
        tell({ kind: "log", level: "error", message: "The visitor salt could not be kept", facts });
      if (!stopped) saltTimer = setTimeout(writeUnkept, disk.retryMs, false);
    }
  }

  /** What was written since the last keeper's last sync lies in its segments, and nobody has seen a sync of it fail. */
  function adopt(): void {
    const names = readdirSync(init.folder);
    // What it was just making.
    for (const name of names) if (isUnfinished(name)) rmSync(join(init.folder, name), { force: true });
    const numbers = names
      .map((name) => segmentNumber(name) ?? 0)
      .filter((number) => number >= init.from && number < init.next)
      .sort((a, b) => a - b);
    for (const number of numbers) {
      open.push({
        number,
        fd: openSync(join(init.folder, segmentName(number)), "r+"),
        syncedTo: HEADER_BYTES,
      });
      if (number > control.current()) spares++;
    }
  }

  adopt();
  make();
  rest();
  return {
    wake: schedule,
    taken() {
      spares--;
      make();
    },
    keepSalt(salt, to) {
      unkept = { salt: Uint8Array.from(salt), to };
      writeUnkept(true);
    },
    async stop() {
      stopped = true;
      await making;
      if (timer !== null) clearTimeout(timer);
      writeUnkept(false);
      sync();
      const current = control.current();
      for (const one of open.splice(0)) {
        closeSync(one.fd);
        if (one.number > current) rmSync(join(init.folder, segmentName(one.number)), { force: true });
      }
      tell({ kind: "stopped" });
    },
  };
}
