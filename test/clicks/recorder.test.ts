import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { openControl } from "../../src/clicks/journal/control.ts";
import { drawSalt, readSalt, saltPath, writeSalt } from "../../src/clicks/journal/salt.ts";
import { openRecorder, type RecorderOptions } from "../../src/clicks/recorder.ts";
import { startThread } from "../../src/clicks/thread.ts";
import { silentLog } from "../../src/lib/log.ts";
import { until } from "../support/until.ts";
import { allBytes, INSTALLATION, readLeft, temporaryFolder } from "./support/journal.ts";
import { NOON, visit } from "./support/visits.ts";

const DAY_MS = 86_400_000;

/** A recorder nobody visits, with a clock that is moved by hand. */
function unvisited(folder = temporaryFolder(), more: Partial<RecorderOptions> = {}) {
  const clock = { time: NOON, now: () => clock.time };
  const recorder = openRecorder({
    control: openControl(),
    folder,
    installation: INSTALLATION,
    mode: "map",
    strict: false,
    syncEveryMs: 2,
    honorOptOut: true,
    clock,
    log: silentLog,
    wakeCounter() {},
    ...more,
  });
  return { folder, clock, recorder, start: () => recorder.start(Promise.resolve(1)) };
}

const saltIn = (folder: string) => readFileSync(saltPath(folder)).subarray(16, 32);
const holds = (folder: string, salt: Uint8Array) =>
  allBytes(folder).some(({ bytes }) => bytes.includes(Buffer.from(salt)));

describe("without a single visit", () => {
  test("the salt left from another day is destroyed at the start", async () => {
    const { folder, recorder, start } = unvisited();
    const old = drawSalt(NOON - 3 * DAY_MS);
    writeSalt(folder, old);
    await start();
    expect(holds(folder, old.salt)).toBe(false);
    await recorder.stop();
  });

  test("the salt of a day is destroyed when the day is over", async () => {
    const { folder, clock, recorder, start } = unvisited();
    await start();
    const first = Buffer.from(saltIn(folder));
    recorder.renewSalt();
    expect(saltIn(folder).equals(first)).toBe(true);
    clock.time += DAY_MS;
    recorder.renewSalt();
    await recorder.stop();
    expect(holds(folder, first)).toBe(false);
    expect(readSalt(folder, clock.time)).not.toBeNull();
  });

  test("the salt of a day is destroyed though nobody keeps the journal any more", async () => {
    const { folder, clock, recorder, start } = unvisited();
    await start();
    const first = Buffer.from(saltIn(folder));
    await recorder.stop();
    clock.time += DAY_MS;
    recorder.renewSalt();
    expect(holds(folder, first)).toBe(false);
  });
});

test("a salt that cannot be kept does not hold up the start, and is kept as soon as it can be", async () => {
  const { folder, clock, recorder, start } = unvisited();
  const path = saltPath(folder);
  // Not a file that could be read or written, as on a disk that fails.
  mkdirSync(path);
  await start();
  rmSync(path, { recursive: true });
  await recorder.stop();
  expect(readSalt(folder, clock.time)).not.toBeNull();
});

describe("a keeper that dies", () => {
  /** A recorder whose keeper can be killed. */
  function mortal(strict: boolean) {
    let kill = () => {};
    let keepers = 0;
    const start: RecorderOptions["start"] = (name, hear, died) => {
      keepers++;
      const thread = startThread(name, hear, died);
      kill = () => {
        thread.end();
        died(new Error("out of luck"));
      };
      return thread;
    };
    const made = unvisited(undefined, { start, strict });
    return { ...made, kill: () => kill(), keepers: () => keepers };
  }

  test("is followed by another, and no visit is lost or left unsynced meanwhile", async () => {
    const { folder, recorder, start, kill, keepers } = mortal(true);
    await start();
    await recorder.record(visit());
    kill();
    expect(recorder.problem()).toContain("not synced for the moment");
    const waiting = Array.from({ length: 50 }, () => recorder.record(visit()));
    // Under `strict` this is the sync itself.
    await Promise.all(waiting);
    expect([keepers(), recorder.problem()]).toEqual([2, null]);
    kill();
    await Promise.all([recorder.record(visit())]);
    await recorder.stop();
    expect(recorder.tally.recorded).toBe(52);
    expect(readLeft(`${folder}/0000000001.seg`).clicks).toHaveLength(52);
    expect(readdirSync(folder).filter((name) => name.endsWith(".seg"))).toEqual(["0000000001.seg"]);
  });

  test("does so before it has made a segment to spare", async () => {
    const { recorder, start, kill, keepers } = mortal(false);
    await start();
    kill();
    await until(() => recorder.problem() === null && keepers() === 2);
    // More than the segments that were ready before hold.
    await until(() => {
      for (let i = 0; i < 2000; i++) void recorder.record(visit());
      return recorder.tally.recorded > 120_000;
    });
    await recorder.stop();
  });

  test("again and again is given up in the end, and told", async () => {
    const { recorder, start, kill, keepers } = mortal(false);
    await start();
    for (let deaths = 1; deaths <= 10; deaths++) {
      kill();
      if (deaths < 10) await until(() => keepers() === deaths + 1);
    }
    expect(recorder.problem()).toContain("Restart Waypost");
    void recorder.record(visit());
    expect(recorder.tally.unrecorded.no_segment).toBe(1);
    await recorder.stop();
  });
});
