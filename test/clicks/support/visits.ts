import type { DomainSnapshot, LinkSnapshot } from "../../../src/redirect/snapshot.ts";
import type { Visit } from "../../../src/redirect/visit.ts";

/** Sunday 22 March 2026, 10:00 UTC. */
export const NOON = Date.UTC(2026, 2, 22, 12);

export const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

export const domain = (over: Partial<DomainSnapshot> = {}): DomainSnapshot => ({
  id: "dom_01kaaaaaaaaaaaaaaaaaaaaaaa",
  workspaceId: "ws_01kaaaaaaaaaaaaaaaaaaaaaaa",
  host: "go.example.com",
  caseSensitive: false,
  rootUrl: null,
  notFoundUrl: null,
  expiredUrl: null,
  forwardsPaths: false,
  brand: null,
  ...over,
});

export const link = (over: Partial<LinkSnapshot> = {}): LinkSnapshot => ({
  id: "link_01kaaaaaaaaaaaaaaaaaaaaaaa",
  workspaceId: "ws_01kaaaaaaaaaaaaaaaaaaaaaaa",
  version: 1,
  location: "https://example.com/",
  status: 302,
  expiresAt: null,
  expiredUrl: null,
  clicksLimit: null,
  forwardQuery: false,
  enabled: true,
  loop: false,
  extras: null,
  ...over,
});

export const visit = (over: Partial<Visit> = {}): Visit => ({
  at: NOON,
  domain: domain(),
  link: link(),
  outcome: "redirected",
  trigger: "link",
  method: "GET",
  address: "192.0.2.17",
  userAgent: CHROME,
  referrer: "https://www.news.example/story?id=7",
  language: "de-AT,de;q=0.9,en;q=0.8",
  purpose: "",
  query: "",
  optedOut: false,
  ruleId: "",
  variantId: "",
  ...over,
});

/** Numbers that look random and are the same in every run. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hosts = ["news.example", "t.co", "www.google.com", "l.facebook.com", "mail.example.org", "reddit.com"];
const languages = ["en-US,en;q=0.9", "de-DE,de;q=0.9", "fr,en;q=0.8", "es-MX", "ja", "pt-BR,pt;q=0.9"];

/**
 * Traffic as a busy installation sees it: 100,000 links by Zipf, 100,000 addresses, 5,000 user agents of which
 * some are bots, one visitor in three without a referrer.
 */
export function manyVisits(count: number, options: { links?: number; seed?: number } = {}): Visit[] {
  const random = dice(options.seed ?? 1);
  const links = Array.from({ length: options.links ?? 100_000 }, (_, i) =>
    link({ id: `link_01k${String(i).padStart(23, "0")}`, version: 1 + (i % 5) }),
  );
  const pick = zipf(links.length, random);
  const agents = Array.from({ length: 5000 }, (_, i) => agent(i, random));
  const where = domain();
  return Array.from({ length: count }, (_, i) => {
    const address = Math.floor(random() * 100_000);
    return visit({
      at: NOON + i * 5,
      domain: where,
      link: links[pick()]!,
      address: `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`,
      userAgent: agents[Math.floor(random() ** 2 * agents.length)]!,
      referrer:
        random() < 0.33 ? "" : `https://${hosts[Math.floor(random() * 6)]}/p/${Math.floor(random() * 500)}`,
      language: languages[Math.floor(random() * 6)]!,
      query: random() < 0.2 ? `utm_source=mail&utm_campaign=c${Math.floor(random() * 200)}` : "",
    });
  });
}

/** Ranks 0 … n-1, each as often as one over its place. */
function zipf(n: number, random: () => number): () => number {
  const sums = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += 1 / (i + 1);
    sums[i] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    for (let high = n - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function agent(i: number, random: () => number): string {
  const build = Math.floor(random() * 9999);
  if (i % 17 === 0) return `Examplebot/${i}.${build} (+https://bot.example)`;
  if (i % 3 === 0)
    return `Mozilla/5.0 (iPhone; CPU iPhone OS 17_${i % 7} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.${i % 7} Mobile/15E${build} Safari/604.1`;
  if (i % 3 === 1)
    return `Mozilla/5.0 (Linux; Android 14; SM-S${900 + (i % 99)}B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (i % 30)}.0.${build}.1 Mobile Safari/537.36`;
  return `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (i % 30)}.0.${build}.0 Safari/537.36`;
}
