/**
 * Fills a click store with generated clicks of one workspace over thirty days, and puts questions to it; tells as JSON.
 * Times are of this process's CPU, all threads. Usage: bun test/bench/columns-fill.ts [clicks = 10000000]
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Click } from "../../src/clicks/click.ts";
import { openColumns } from "../../src/clicks/columns/store.ts";
import type { Question } from "../../src/clicks/store.ts";
import { dice } from "../clicks/support/visits.ts";

const count = Number(process.argv[2] ?? 10_000_000);
const BATCH = 32_768;
const LINKS = 100_000;
const DAYS = 30;
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
/** Of ten clicks four are by somebody who was there lately. */
const RETURNING = 0.4;
const LATELY = 20_000;
const random = dice(1);
const folder = mkdtempSync(join(tmpdir(), "waypost-bench-"));

const pickLink = zipf(LINKS);
const links = Array.from({ length: LINKS }, (_, i) => `link_01k${String(i).padStart(23, "0")}`);
const networks = Array.from(
  { length: 20_000 },
  (_, i) => `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`,
);
const pickNetwork = zipf(networks.length);
const referrers = Array.from({ length: 5000 }, (_, i) => ({
  referrerHost: `site${i % 300}.example`,
  referrerUrl: `https://site${i % 300}.example/page/${i}`,
}));
const pickReferrer = zipf(referrers.length);
const agents = Array.from({ length: 400 }, (_, i) => ({
  device: ["desktop", "mobile", "tablet"][i % 3]!,
  browser: ["Chrome", "Safari", "Firefox", "Edge", "Samsung Internet"][i % 5]!,
  browserVersion: String(100 + (i % 40)),
  os: ["Windows", "iOS", "Android", "macOS", "Linux"][(i >> 1) % 5]!,
  osVersion: String(10 + (i % 8)),
  engine: ["Blink", "WebKit", "Gecko"][i % 3]!,
}));
const pickAgent = zipf(agents.length);
const languages = ["en", "de", "fr", "es", "pt", "ja", "it", "nl"];
const pickLanguage = zipf(languages.length);
const campaigns = Array.from({ length: 100 }, (_, i) => `campaign ${i}`);
const pickCampaign = zipf(campaigns.length);
const lately = new BigUint64Array(LATELY);
const drawn = new BigUint64Array(1);
const drawnBytes = new Uint32Array(drawn.buffer);
const nowhere = { referrerHost: "", referrerUrl: "" };

function click(i: number): Click {
  drawnBytes[0] = random() * 2 ** 32;
  drawnBytes[1] = random() * 2 ** 32;
  const visitor = random() < RETURNING ? lately[Math.floor(random() * LATELY)]! : drawn[0]!;
  lately[i % LATELY] = visitor;
  const isBot = random() < 0.12;
  return {
    id: `clk_01kaaaaaaa${chance()}aaaaaaaa`,
    at: Math.floor(START + ((i + random()) * DAYS * DAY_MS) / count),
    workspaceId: "ws_01kaaaaaaaaaaaaaaaaaaaaaaa",
    domainId: random() < 0.8 ? "dom_1" : "dom_2",
    linkId: links[pickLink()]!,
    linkVersion: 1,
    outcome: random() < 0.97 ? "redirected" : "expired",
    trigger: random() < 0.9 ? "link" : "qr",
    ruleId: "",
    variantId: "",
    verdict: isBot ? "bot" : "human",
    reason: isBot ? "agent:Googlebot" : "",
    visitor,
    network: networks[pickNetwork()]!,
    ...(random() < 0.4 ? nowhere : referrers[pickReferrer()]!),
    ...agents[pickAgent()]!,
    language: languages[pickLanguage()]!,
    utmSource: "",
    utmMedium: "",
    utmCampaign: random() < 0.85 ? "" : campaigns[pickCampaign()]!,
    utmTerm: "",
    utmContent: "",
  };
}

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
function chance(): string {
  let text = "";
  for (let i = 0; i < 8; i++) text += DIGITS[Math.floor(random() * 32)];
  return text;
}

/** Ranks 0 … n-1, each as often as one over its place. */
function zipf(n: number): () => number {
  const sums = new Float64Array(n);
  for (let i = 0, sum = 0; i < n; i++) sums[i] = sum += 1 / (i + 1);
  return () => {
    const wanted = random() * sums[n - 1]!;
    let low = 0;
    for (let high = n - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const store = openColumns(folder);
let appendMs = 0;
for (let from = 0, batch = 1; from < count; from += BATCH, batch++) {
  const clicks = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => click(from + i));
  const before = process.cpuUsage();
  await store.append(clicks, { segment: 1, offset: 8 * batch });
  appendMs += cpuMs(before);
}
await store.close();
const bytes = statSync(join(folder, "clicks.db")).size;
Bun.gc(true);

const asked = openColumns(folder);
const whole: Question = {
  workspaceId: "ws_01kaaaaaaaaaaaaaaaaaaaaaaa",
  from: START - DAY_MS,
  to: START + (DAYS + 1) * DAY_MS,
  timezone: "Europe/Berlin",
  where: {},
  limit: 20,
};
const countsOnly = { measures: ["clicks", "botClicks", "all"] } as const;
const linkAt = (rank: number) => ({ where: { link: [links[rank]!] } });
const questions: Readonly<Record<string, Partial<Question>>> = {
  browsers: { groupBy: "browser", ...countsOnly },
  referrers: { groupBy: "referrer", ...countsOnly },
  links: { groupBy: "link", ...countsOnly },
  days: { granularity: "day", limit: 40, ...countsOnly },
  hours: { granularity: "hour", limit: 1000, ...countsOnly },
  twoFilters: { groupBy: "browser", where: { device: ["mobile"], language: ["de"] }, ...countsOnly },
  uniques: {},
  uniquesByBrowser: { groupBy: "browser" },
  uniquesByDay: { granularity: "day", limit: 40 },
  uniquesByLink: { groupBy: "link" },
  linkRank1: linkAt(0),
  linkRank100: linkAt(100),
  linkRank1000: linkAt(1000),
  linkRank50000: linkAt(50_000),
  linkRank1000Days: { ...linkAt(1000), granularity: "day", limit: 40 },
};
const told: Record<string, { cpuMs: number; wallMs: number }> = {};
for (const [name, over] of Object.entries(questions)) {
  const runs: { cpuMs: number; wallMs: number }[] = [];
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    const began = performance.now();
    await asked.query({ ...whole, ...over });
    runs.push({ cpuMs: cpuMs(before), wallMs: performance.now() - began });
  }
  const middle = runs.toSorted((one, other) => one.cpuMs - other.cpuMs)[2]!;
  told[name] = { cpuMs: Math.round(middle.cpuMs), wallMs: Math.round(middle.wallMs) };
}
await asked.close();
console.log(
  JSON.stringify({
    clicks: count,
    appendCpuUsPerClick: Number(((appendMs * 1000) / count).toFixed(2)),
    bytesPerClick: Number((bytes / count).toFixed(1)),
    rssMB: Math.round(process.memoryUsage().rss / 1e6),
    questions: told,
  }),
);
rmSync(folder, { recursive: true });
