import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClicks } from "../../../src/clicks/client.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { slugOfLink } from "../traffic.ts";
import { domain, linkOf, serveRedirects } from "./redirect.ts";

// 100,000 links in memory, and every visit in the click journal, synced as in the product. `folded` counts them
// meanwhile; without it they stay in the journal, because on one core counting is a load of its own.
const links = new Map(Array.from({ length: 100_000 }, (_, i) => [slugOfLink(i), linkOf(i)]));
const dataDir = mkdtempSync(join(tmpdir(), "waypost-bench-data-"));
const clicks = openClicks({
  dataDir,
  installationId: "bench",
  durability: "window",
  syncEveryMs: 10,
  foldEveryMs: process.argv.includes("folded") ? 100 : 3_600_000,
  journalMode: "map",
  honorOptOut: true,
  clock: systemClock,
  log: silentLog,
});
await clicks.start();
await serveRedirects({
  resolve: (_, slug) => ({ domain, link: links.get(slug) ?? null }),
  linksMax: 100_000,
  record: (visit) => clicks.record(visit),
});
process.on("SIGTERM", () => {
  const { recorded, unrecorded, folded } = clicks.health();
  console.error(`journal: ${recorded} recorded, ${folded} counted, unrecorded ${JSON.stringify(unrecorded)}`);
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
});
