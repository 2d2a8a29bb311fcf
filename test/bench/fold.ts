/** Clicks a second from journal to store, enrichment included, as JSON. Usage: bun test/bench/fold.ts [clicks] [clicks a batch] */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { enricher } from "../../src/clicks/enrich/enrich.ts";
import { openSource, readBatch } from "../../src/clicks/fold.ts";
import { openControl } from "../../src/clicks/journal/control.ts";
import { drawSalt } from "../../src/clicks/journal/salt.ts";
import { installationMark, makeSegment } from "../../src/clicks/journal/segment.ts";
import { openWriter } from "../../src/clicks/journal/writer.ts";
import { manyVisits } from "../clicks/support/visits.ts";

const count = Number(process.argv[2] ?? 600_000);
const batchClicks = Number(process.argv[3] ?? 8192);
const folder = mkdtempSync(join(tmpdir(), "waypost-bench-"));
const control = openControl();
const visits = manyVisits(count);
const writer = openWriter({
  control,
  mode: "map",
  salt: drawSalt(visits[0]!.at),
  honorOptOut: true,
  taken() {},
  wake() {},
  saltDrawn() {},
});
const segments: string[] = [];
for (let number = 1; number <= Math.ceil(count / 15_000) + 1; number++) {
  const made = await makeSegment(folder, number, installationMark("bench"), async () => {});
  segments.push(made.path);
  writer.add({ number, ...made });
}
for (const visit of visits) writer.record(visit);
// A fold never has the visits themselves in its memory.
visits.length = 0;
Bun.gc(true);

const store = openColumns(folder);
const enrich = enricher();
let folded = 0;
let readNs = 0;
let slowestMs = 0;
const began = Bun.nanoseconds();
const cpuBefore = process.cpuUsage();
for (let number = 1; number <= control.current(); number++) {
  const source = openSource(segments[number - 1]!, number);
  for (let at = 0; at < control.endOf(number); ) {
    const before = Bun.nanoseconds();
    const batch = readBatch(
      source,
      { from: at, end: control.endOf(number), published: true },
      enrich,
      batchClicks,
    );
    readNs += Bun.nanoseconds() - before;
    await store.append(batch.clicks, { segment: number, offset: batch.to });
    slowestMs = Math.max(slowestMs, (Bun.nanoseconds() - before) / 1e6);
    at = batch.to;
    folded += batch.clicks.length;
  }
  await store.durable();
  source.close();
}
const seconds = (Bun.nanoseconds() - began) / 1e9;
const cpu = process.cpuUsage(cpuBefore);
const sizeBytes = ["clicks.db", "clicks.db-wal"].reduce(
  (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
  0,
);
console.log(
  JSON.stringify({
    clicks: folded,
    clicksPerSecond: Math.round(folded / seconds),
    usPerClick: Number(((seconds * 1e6) / folded).toFixed(2)),
    cpuUsPerClick: Number(((cpu.user + cpu.system) / folded).toFixed(2)),
    usReadAndEnrich: Number((readNs / 1e3 / folded).toFixed(2)),
    slowestBatchMs: Math.round(slowestMs),
    bytesPerClick: Math.round(sizeBytes / folded),
    rssMB: Math.round(process.memoryUsage().rss / 1e6),
  }),
);
await store.close();
rmSync(folder, { recursive: true });
