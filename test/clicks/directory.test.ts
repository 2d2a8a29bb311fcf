import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { openCounter } from "../../src/clicks/counter.ts";
import { openControl } from "../../src/clicks/journal/control.ts";
import { inspectJournal } from "../../src/clicks/journal/directory.ts";
import { installationMark, segmentName } from "../../src/clicks/journal/segment.ts";
import { countLeft } from "./support/counter.ts";
import { INSTALLATION, segmentWith, temporaryFolder } from "./support/journal.ts";
import { domain, manyVisits } from "./support/visits.ts";

const folder = temporaryFolder();
const left = join(folder, "left");
const visits = manyVisits(60, { links: 5 });
for (let number = 1; number <= 3; number++) {
  const part = visits.slice((number - 1) * 20, number * 20);
  const { path, end } = await segmentWith(join(left, "journal"), part, { number });
  truncateSync(path, end + 1024);
}
const foreign = await segmentWith(join(folder, "foreign"), visits, {
  number: 2,
  installation: installationMark("inst_other"),
});

const one = segmentName(1);
const two = segmentName(2);
const three = segmentName(3);

/** A directory as it should not be; how many clicks are counted all the same, and how many oddities told. */
const mutations: [string, (journal: string) => void, { clicks: number; odd: number }][] = [
  ["nothing odd", () => {}, { clicks: 60, odd: 0 }],
  ["the middle segment deleted", (j) => rmSync(join(j, two)), { clicks: 40, odd: 1 }],
  ["the last segment deleted", (j) => rmSync(join(j, three)), { clicks: 40, odd: 0 }],
  ["two names swapped", (j) => swap(join(j, one), join(j, two)), { clicks: 20, odd: 2 }],
  [
    "a segment under a later name",
    (j) => copyFileSync(join(j, one), join(j, segmentName(4))),
    { clicks: 60, odd: 1 },
  ],
  ["a segment renamed", (j) => renameSync(join(j, two), join(j, segmentName(7))), { clicks: 40, odd: 2 }],
  ["an empty file in place of a segment", (j) => writeFileSync(join(j, two), ""), { clicks: 40, odd: 2 }],
  [
    "an empty file behind the last",
    (j) => writeFileSync(join(j, segmentName(4)), ""),
    { clicks: 60, odd: 1 },
  ],
  ["a file cut within its header", (j) => truncateSync(join(j, two), 100), { clicks: 40, odd: 2 }],
  ["a file cut behind its header", (j) => truncateSync(join(j, two), 128), { clicks: 40, odd: 0 }],
  [
    "a segment of another installation",
    (j) => copyFileSync(foreign.path, join(j, two)),
    { clicks: 40, odd: 2 },
  ],
  ["a symlink in place of a segment", (j) => link(j, two), { clicks: 40, odd: 2 }],
  ["a folder in place of a segment", (j) => folderAs(join(j, two)), { clicks: 40, odd: 2 }],
  ["a copy somebody made", (j) => copyFileSync(join(j, one), join(j, `${one}.bak`)), { clicks: 60, odd: 1 }],
  ["an editor's leavings", (j) => writeFileSync(join(j, ".swp"), "x"), { clicks: 60, odd: 1 }],
  ["a text file", (j) => writeFileSync(join(j, "README"), "hello"), { clicks: 60, odd: 1 }],
  ["a segment with number 0", (j) => writeFileSync(join(j, segmentName(0)), "x"), { clicks: 60, odd: 1 }],
  [
    "a number beyond all numbers",
    (j) => writeFileSync(join(j, "9999999999.seg"), "x"),
    { clicks: 60, odd: 1 },
  ],
  ["garbage in place of a header", (j) => garbage(join(j, two)), { clicks: 40, odd: 2 }],
  [
    "a segment that was being made",
    (j) => writeFileSync(join(j, "0000000004.new"), Buffer.alloc(99)),
    { clicks: 60, odd: 0 },
  ],
];

function swap(a: string, b: string): void {
  renameSync(a, `${a}.x`);
  renameSync(b, a);
  renameSync(`${a}.x`, b);
}
function link(journal: string, name: string): void {
  renameSync(join(journal, name), join(folder, "linked"));
  symlinkSync(join(folder, "linked"), join(journal, name));
}
function folderAs(path: string): void {
  rmSync(path);
  mkdirSync(path);
}
function garbage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 0, 128);
  writeFileSync(path, bytes);
}

/** How many bytes there are below a folder, by content. */
const contents = (where: string): number =>
  readdirSync(where, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).length;

describe("a journal folder with", () => {
  test.each(mutations)("%s loses nothing in silence", async (name, change, expected) => {
    const dataDir = join(folder, name.replaceAll(" ", "-"));
    cpSync(left, dataDir, { recursive: true });
    change(join(dataDir, "journal"));
    const { counter, store, told, quarantined } = await countLeft(dataDir);
    const { rows } = await store.query({
      workspaceId: domain().workspaceId!,
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      timezone: "UTC",
      where: {},
      limit: 1,
    });
    expect(rows[0]!.all).toBe(expected.clicks);
    expect(quarantined()).toBe(expected.odd);
    expect(told.some((message) => message.kind === "log")).toBe(expected.odd > 0);
    const refused = join(dataDir, "journal", "refused");
    const names = existsSync(refused) ? contents(refused) : 0;
    const logged = told.filter((message) => message.kind === "log" && "name" in message.facts).length;
    expect(names).toBeLessThanOrEqual(logged);
    await counter.ask({ name: "stop" });
  });

  test("a segment of a newer version is not opened at all", async () => {
    const dataDir = join(folder, "newer");
    cpSync(left, dataDir, { recursive: true });
    const path = join(dataDir, "journal", two);
    const bytes = readFileSync(path);
    for (const at of [0, 64]) {
      bytes.writeUInt32LE(2, at + 8);
      bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 60)), at + 60);
    }
    writeFileSync(path, bytes);
    const store = openColumns(dataDir);
    const opening = openCounter(
      { role: "counter", control: openControl().memory, dataDir, installation: INSTALLATION, foldEveryMs: 1 },
      store,
      () => {},
    );
    await expect(opening).rejects.toMatchObject({ name: "JournalError", code: "unknown_version" });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(await store.position()).toEqual({ segment: 0, offset: 0 });
  });
});

test("what is refused is kept beside what was refused before", () => {
  const journal = join(folder, "twice");
  for (let round = 0; round < 3; round++) {
    mkdirSync(journal, { recursive: true });
    writeFileSync(join(journal, "notes"), String(round));
    inspectJournal(journal, INSTALLATION, null);
  }
  expect(readdirSync(join(journal, "refused")).sort()).toEqual(["notes", "notes.2", "notes.3"]);
});

test("a new segment is never given a number the store or the folder has heard of", () => {
  const journal = join(folder, "numbers");
  const next = (position: { segment: number; offset: number } | null) =>
    inspectJournal(journal, INSTALLATION, position).next;
  expect(next(null)).toBe(1);
  expect(next({ segment: 5, offset: 200 })).toBe(6);
  expect(next({ segment: 5, offset: 0 })).toBe(5);
  cpSync(join(left, "journal"), journal, { recursive: true });
  expect(next({ segment: 2, offset: 0 })).toBe(4);
});
