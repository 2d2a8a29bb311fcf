/** Nanoseconds of one `record()` call, as JSON. Usage: bun test/bench/journal.ts [visits] [map|write] */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openControl } from "../../src/clicks/journal/control.ts";
import type { JournalMode } from "../../src/clicks/journal/filesystem.ts";
import { drawSalt } from "../../src/clicks/journal/salt.ts";
import { installationMark, makeSegment } from "../../src/clicks/journal/segment.ts";
import { openWriter } from "../../src/clicks/journal/writer.ts";
import { manyVisits } from "../clicks/support/visits.ts";

const count = Number(process.argv[2] ?? 400_000);
const mode = (process.argv[3] ?? "map") as JournalMode;
const folder = mkdtempSync(join(tmpdir(), "waypost-bench-"));
const visits = manyVisits(100_000);
const writer = openWriter({
  control: openControl(),
  mode,
  salt: drawSalt(visits[0]!.at),
  honorOptOut: true,
  taken() {},
  wake() {},
  saltDrawn() {},
});
const segments = Math.ceil(count / 15_000) + 8;
for (let number = 1; number <= segments; number++)
  writer.add({
    number,
    ...(await makeSegment(folder, number, installationMark("bench"), async () => {})),
  });
for (let i = 0; i < 20_000; i++) writer.record(visits[i % visits.length]!);

const samples: number[] = [];
const began = Bun.nanoseconds();
for (let i = 0; i < count; i++) {
  const result = writer.record(visits[i % visits.length]!);
  if (typeof result === "string") throw new Error(`not recorded: ${result}`);
}
const meanNs = (Bun.nanoseconds() - began) / count;
for (let i = 0; i < 50_000; i++) {
  const before = Bun.nanoseconds();
  writer.record(visits[i % visits.length]!);
  samples.push(Bun.nanoseconds() - before);
}
samples.sort((a, b) => a - b);
const quantile = (q: number) => Math.round(samples[Math.floor(samples.length * q)]!);
console.log(
  JSON.stringify({
    mode,
    visits: count,
    meanNs: Math.round(meanNs),
    p50Ns: quantile(0.5),
    p99Ns: quantile(0.99),
    p999Ns: quantile(0.999),
    maxNs: quantile(0.99999),
  }),
);
rmSync(folder, { recursive: true });
