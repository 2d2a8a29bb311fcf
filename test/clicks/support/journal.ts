import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enricher } from "../../../src/clicks/enrich/enrich.ts";
import { openSource, readBatch } from "../../../src/clicks/fold.ts";
import { type Control, openControl } from "../../../src/clicks/journal/control.ts";
import type { JournalMode } from "../../../src/clicks/journal/filesystem.ts";
import { drawSalt } from "../../../src/clicks/journal/salt.ts";
import { installationMark, makeSegment } from "../../../src/clicks/journal/segment.ts";
import { openWriter, type Writer } from "../../../src/clicks/journal/writer.ts";
import type { Visit } from "../../../src/redirect/visit.ts";
import { NOON } from "./visits.ts";

export const INSTALLATION = installationMark("inst_test");

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "waypost-clicks-"));
  folders.push(folder);
  return folder;
}

export const nobodyListens = { taken() {}, wake() {}, saltDrawn() {} };

export function writerFor(control: Control, mode: JournalMode = "map"): Writer {
  return openWriter({ control, mode, salt: drawSalt(NOON), honorOptOut: true, ...nobodyListens });
}

/** A segment with these visits in it, as the writer leaves it. `end` is where its records end. */
export async function segmentWith(
  folder: string,
  visits: readonly Visit[],
  { number = 1, installation = INSTALLATION, mode = "map" as JournalMode } = {},
): Promise<{ path: string; end: number; ends: number[] }> {
  mkdirSync(folder, { recursive: true });
  const control = openControl();
  const writer = writerFor(control, mode);
  const { path, seed } = await makeSegment(folder, number, installation, async () => {});
  writer.add({ number, path, seed });
  const ends = visits.map((visit) => {
    const end = writer.record(visit);
    if (typeof end === "string") throw new Error(`not recorded: ${end}`);
    return end;
  });
  writer.close();
  return { path, end: control.endOf(number), ends };
}

const enrich = enricher();

/** What a fold finds in a segment left from another life. */
export function readLeft(path: string, number = 1) {
  const source = openSource(path, number);
  try {
    const clicks = [];
    const damage = [];
    const end = statSync(path).size;
    for (let from = 0; from < end; ) {
      const batch = readBatch(source, { from, end, published: false }, enrich);
      clicks.push(...batch.clicks);
      damage.push(...batch.damage);
      from = batch.to;
    }
    return { clicks, damage };
  } finally {
    source.close();
  }
}

/** Every file below a folder, with its bytes; without those that are being renamed or removed meanwhile. */
export function allBytes(folder: string): { path: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((path) => {
      try {
        return [{ path, bytes: readFileSync(path) }];
      } catch {
        return [];
      }
    });
}
