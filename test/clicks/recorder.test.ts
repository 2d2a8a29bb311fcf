import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { openControl } from "../../src/clicks/journal/control.ts";
import { drawSalt, readSalt, saltPath, writeSalt } from "../../src/clicks/journal/salt.ts";
import { openRecorder } from "../../src/clicks/recorder.ts";
import { silentLog } from "../../src/lib/log.ts";
import { allBytes, INSTALLATION, temporaryFolder } from "./support/journal.ts";
import { NOON } from "./support/visits.ts";

const DAY_MS = 86_400_000;

/** A recorder nobody visits, with a clock that is moved by hand. */
function unvisited(folder = temporaryFolder()) {
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
