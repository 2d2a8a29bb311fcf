/**
 * A start on a journal that a kill has left unfolded: how long until the first redirect, and how fast the fold
 * catches up while visitors come. Exits with 1 when the first redirect takes more than a second, when a visitor is not
 * sent on, or when a click is lost or counted twice. Usage:
 *
 *     bun test/program/recovery.ts [megabytes of journal = 1024]
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openControl } from "../../src/clicks/journal/control.ts";
import { SEGMENT_BYTES } from "../../src/clicks/journal/layout.ts";
import { drawSalt } from "../../src/clicks/journal/salt.ts";
import { installationMark, makeSegment } from "../../src/clicks/journal/segment.ts";
import { openWriter } from "../../src/clicks/journal/writer.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { storedIn } from "../clicks/support/stored.ts";
import { domain, manyVisits } from "../clicks/support/visits.ts";
import { freePort } from "../support/free-port.ts";
import { emptyFolder, startWaypost } from "./executable-server.ts";

const SEGMENTS = Math.max(1, Math.round((Number(process.argv[2] ?? 1024) * 1024 * 1024) / SEGMENT_BYTES));
const KEY = "recovery-test-key-0123456789abcdefgh";
const folder = emptyFolder();
const first = await startWaypost({ WAYPOST_SETUP_KEY: KEY }, folder);
const body = { destinationUrl: "https://example.com/", slug: "first" };
await first.api("POST", "/links", { key: KEY, body });
const { data: workspace } = await first.api("GET", "/workspace", { key: KEY });
await first.stop();

const recorded = await leaveJournal();
const port = await freePort();
const began = performance.now();
const server = await startWaypost({ WAYPOST_METRICS_LISTEN: `127.0.0.1:${port}` }, folder);
const visit = async () => (await fetch(`${server.url}/first`, { redirect: "manual" })).status;
const firstStatus = await visit();
const firstRedirectMs = performance.now() - began;
let visits = 1;
let failed = firstStatus === 302 ? 0 : 1;
let folded = 0;
const folding = performance.now();
while (folded < recorded) {
  if ((await visit()) !== 302) failed++;
  visits++;
  await Bun.sleep(20);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  folded = Number(/^waypost_clicks_folded_total (\d+)$/m.exec(text)?.[1] ?? 0);
}
const seconds = (performance.now() - folding) / 1000;
await server.stop();
const { rows: counted } = storedIn(join(folder, "data"));
rmSync(folder, { recursive: true, force: true });
const report = {
  journalMB: Math.round((SEGMENTS * SEGMENT_BYTES) / 2 ** 20),
  clicks: recorded,
  firstRedirectMs: Math.round(firstRedirectMs),
  clicksPerSecond: Math.round(recorded / seconds),
  visits,
  failed,
  missing: recorded + visits - counted,
};
console.log(JSON.stringify(report));
process.exit(firstRedirectMs <= 1000 && failed === 0 && report.missing === 0 ? 0 : 1);

/** Segments full of clicks, as a process leaves them that is killed before it could count them. */
async function leaveJournal(): Promise<number> {
  const links = new Database(join(folder, "data/waypost.db"), { readonly: true });
  const { id } = links.query<{ id: string }, []>("select installation_id as id from installation").get()!;
  links.close();
  const clicks = new Database(join(folder, "data/clicks.db"), { readonly: true });
  const { segment } = clicks.query<{ segment: number }, []>("select segment from position").get()!;
  clicks.close();
  const control = openControl();
  const now = systemClock.now();
  const writer = openWriter({
    ...{ control, mode: "map", salt: drawSalt(now), honorOptOut: true },
    taken() {},
    wake() {},
    saltDrawn() {},
  });
  const where = domain({ workspaceId: workspace.id });
  const templates = manyVisits(100_000).map((one) => ({ ...one, at: now, domain: where }));
  let count = 0;
  // A store that has seen no journal stands at segment 0, which no file is.
  const from = Math.max(1, segment);
  for (let number = from; number < from + SEGMENTS; number++) {
    const made = await makeSegment(
      join(folder, "data/journal"),
      number,
      installationMark(id),
      async () => {},
    );
    writer.add({ number, ...made });
    while (typeof writer.record(templates[count % templates.length]!) === "number") count++;
  }
  writer.close();
  return count;
}
