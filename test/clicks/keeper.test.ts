import { describe, expect, test } from "bun:test";
import { existsSync, fdatasyncSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openControl } from "../../src/clicks/journal/control.ts";
import { countRecords } from "../../src/clicks/journal/count.ts";
import { type KeeperDisk, openKeeper, realDisk } from "../../src/clicks/journal/keeper.ts";
import { HEADER_BYTES } from "../../src/clicks/journal/layout.ts";
import { drawSalt, readSalt, writeSalt } from "../../src/clicks/journal/salt.ts";
import { segmentName } from "../../src/clicks/journal/segment.ts";
import type { FromKeeper } from "../../src/clicks/messages.ts";
import { INSTALLATION, temporaryFolder, writerFor } from "./support/journal.ts";
import { NOON, visit } from "./support/visits.ts";

type Kind = FromKeeper["kind"];
type Told<K extends Kind> = Extract<FromKeeper, { kind: K }>;

/** A keeper and a writer in one thread, and what the keeper tells. */
function journal(disk: Partial<KeeperDisk> = {}) {
  const folder = temporaryFolder();
  const control = openControl();
  const writer = writerFor(control);
  const told: FromKeeper[] = [];
  const heard: { kind: Kind; resolve: (message: FromKeeper) => void }[] = [];
  const tell = (message: FromKeeper) => {
    told.push(message);
    if (message.kind === "segment") writer.add(message);
    for (const one of heard.splice(0)) one.kind === message.kind ? one.resolve(message) : heard.push(one);
  };
  const keeper = openKeeper(
    {
      role: "keeper",
      control: control.memory,
      folder,
      installation: INSTALLATION,
      next: 1,
      from: 1,
      syncEveryMs: 0,
      acknowledge: true,
    },
    tell,
    { ...realDisk, retryMs: 1, ...disk },
  );
  /** The next message of a kind. */
  const next = <K extends Kind>(kind: K) =>
    new Promise<Told<K>>((resolve) =>
      heard.push({ kind, resolve: (message) => resolve(message as Told<K>) }),
    );
  const record = () => {
    const before = writer.segment();
    const place = writer.record(visit());
    if (writer.segment() !== before) keeper.taken();
    keeper.wake();
    return place;
  };
  return { folder, control, writer, keeper, told, next, record };
}

const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

describe("the keeper of the journal", () => {
  test("syncs what was published, and tells how far", async () => {
    const { record, next, keeper } = journal();
    await next("segment");
    const end = record();
    expect(await next("synced")).toMatchObject({ segment: 1, offset: end });
    await keeper.stop();
  });

  test("never syncs a segment again once its sync has failed, and acknowledges nothing of it", async () => {
    const synced = new Map<number, number>();
    let fails = true;
    const { record, next, keeper, writer, told, folder, control } = journal({
      sync(fd) {
        synced.set(fd, (synced.get(fd) ?? 0) + 1);
        if (!fails) return fdatasyncSync(fd);
        fails = false;
        throw new Error("input/output error");
      },
    });
    await next("segment");
    await next("segment");
    record();
    record();
    const failed = await next("syncFailed");
    expect(failed).toMatchObject({ segment: 1, offset: HEADER_BYTES, message: "input/output error" });
    expect(countRecords(join(folder, segmentName(1)), failed.offset, control.endOf(1))).toBe(2);
    writer.abandon(1);
    record();
    expect(await next("synced")).toMatchObject({ segment: 2 });
    expect(told.filter((message) => message.kind === "synced" && message.segment === 1)).toEqual([]);
    expect([...synced.values()]).toEqual([1, 1]);
    // Its clicks may still be read: the segment stays until they are folded.
    expect(existsSync(join(folder, segmentName(1)))).toBe(true);
    await keeper.stop();
  });

  test("says that the disk is full, and goes on by itself when there is space again", async () => {
    let isFull = true;
    const { record, next, keeper, told, control } = journal({
      makeSegment: (...given) => (isFull ? Promise.reject(full) : realDisk.makeSegment(...given)),
    });
    expect(await next("noSegment")).toMatchObject({ code: "ENOSPC" });
    expect(control.diskFull()).toBe(true);
    expect(record()).toBe("disk_full");
    await next("noSegment");
    isFull = false;
    await next("segment");
    expect(control.diskFull()).toBe(false);
    expect(typeof record()).toBe("number");
    expect(told.some((message) => message.kind === "log")).toBe(false);
    await keeper.stop();
  });

  test("leaves the last of the disk to the store, which must fold the journal to make space", async () => {
    let freeBytes = 60e6;
    const { next, keeper, control, folder } = journal({ freeBytes: () => freeBytes });
    expect(await next("noSegment")).toMatchObject({ code: "ENOSPC" });
    expect(control.diskFull()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    freeBytes = 1e9;
    await next("segment");
    await keeper.stop();
  });

  test("keeps segments ready ahead of the writer", async () => {
    const { record, next, keeper, told } = journal();
    for (let ready = 0; ready < 3; ready++) await next("segment");
    record();
    expect(await next("segment")).toMatchObject({ number: 4 });
    expect(told.filter((message) => message.kind === "segment")).toHaveLength(4);
    await keeper.stop();
  });

  test("leaves nothing but the segment in use when it stops, and that synced", async () => {
    const { record, next, keeper, folder, told } = journal();
    for (let ready = 0; ready < 3; ready++) await next("segment");
    const end = record();
    await keeper.stop();
    expect(told.at(-1)).toEqual({ kind: "stopped" });
    expect(told).toContainEqual({ kind: "synced", segment: 1, offset: end as number });
    expect([1, 2, 3, 4].map((number) => existsSync(join(folder, segmentName(number))))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("the writer", () => {
  test("without a segment counts the visit as no_segment", () => {
    expect(writerFor(openControl()).record(visit())).toBe("no_segment");
  });

  test("goes on in the next segment when one is full, and loses nothing at the seam", async () => {
    const { record, next, keeper, control, folder } = journal();
    for (let ready = 0; ready < 3; ready++) await next("segment");
    let count = 0;
    while (control.current() < 2) {
      expect(typeof record()).toBe("number");
      count++;
    }
    expect(countRecords(join(folder, segmentName(1)), HEADER_BYTES, control.endOf(1))).toBe(count - 1);
    expect(countRecords(join(folder, segmentName(2)), HEADER_BYTES, control.endOf(2))).toBe(1);
    await keeper.stop();
  });

  test("does not leave yesterday's salt on a disk that refuses the new one for a while", async () => {
    const DAY_MS = 86_400_000;
    const written = Promise.withResolvers<void>();
    let refusals = 3;
    const { keeper, folder, told } = journal({
      writeSalt(where, salt) {
        if (refusals-- > 0) throw full;
        writeSalt(where, salt);
        written.resolve();
      },
    });
    writeSalt(folder, drawSalt(NOON));
    const drawn = drawSalt(NOON + DAY_MS);
    keeper.keepSalt(drawn.salt, drawn.to);
    expect(readSalt(folder, NOON)).not.toBeNull();
    await written.promise;
    expect(readSalt(folder, NOON + DAY_MS)).toEqual(drawn);
    expect(told.filter((one) => one.kind === "log")).toHaveLength(1);
    await keeper.stop();
  });
});
