import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClicks } from "../../../src/clicks/client.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { compileRules } from "../../../src/redirect/rules.ts";
import type { LinkSnapshot } from "../../../src/redirect/snapshot.ts";
import { destinationOf, slugOfLink } from "../traffic.ts";
import { domain, linkOf, serveRedirects } from "./redirect.ts";

// As `journalled.ts`, with three rules on every link: for a country, for a device, and an A/B test for everybody else.
const id = (kind: string, index: number): string =>
  `${kind}_01hzx3k9w8${index.toString(32).padStart(16, "0")}`;

function ruled(index: number): LinkSnapshot {
  const plain = linkOf(index);
  const destinationUrl = destinationOf(index);
  const { choose, needs } = compileRules(
    {
      rules: [
        {
          id: id("rule", index * 3),
          conditions: { field: "country", operator: "in", value: ["DE", "AT", "CH"] },
          destinationUrl,
        },
        {
          id: id("rule", index * 3 + 1),
          conditions: { field: "device", operator: "equals", value: "mobile" },
          destinationUrl,
        },
        {
          id: id("rule", index * 3 + 2),
          conditions: { all: [] },
          destinationUrl,
          split: {
            winnerId: null,
            variants: [0, 1].map((i) => ({ id: id("var", index * 2 + i), destinationUrl, weight: 1 })),
          },
        },
      ],
      split: null,
    },
    {
      parentId: plain.id,
      forwardQuery: true,
      forwardUtm: true,
      utm: null,
      ownSplit: true,
      loops: () => false,
    },
  );
  const none = { startsAt: null, passwordHash: null, forwardPath: false, forwardOnly: null };
  return { ...plain, extras: { otherwise: "destination", ...none, choose, needs } };
}

const links = new Map(Array.from({ length: 100_000 }, (_, i) => [slugOfLink(i), ruled(i)]));
const dataDir = mkdtempSync(join(tmpdir(), "waypost-bench-data-"));
const clicks = openClicks({
  dataDir,
  installationId: "bench",
  durability: "window",
  syncEveryMs: 10,
  foldEveryMs: 3_600_000,
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
  dailyKey: clicks.dailyKey,
});
process.on("SIGTERM", () => {
  const { recorded, unrecorded } = clicks.health();
  console.error(`journal: ${recorded} recorded, unrecorded ${JSON.stringify(unrecorded)}`);
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
});
