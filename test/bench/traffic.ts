import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The URL every bench server is asked for, whatever its port. */
export const benchHost = "go.test";
export const slugOfLink = (index: number): string => `s${index.toString(36).padStart(7, "0")}`;
export const destinationOf = (index: number): string =>
  `https://shop.example.com/campaign/landing/${index}?utm_source=newsletter`;

/** A generator of numbers in [0, 1) that gives every run the same traffic. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Draw = () => number;

/** Links as they are visited: the first a hundred thousand times as often as the last. */
export function zipf(links: number, random: Draw): Draw {
  const cumulative = new Float64Array(links);
  let sum = 0;
  for (let i = 0; i < links; i++) {
    sum += 1 / (i + 1);
    cumulative[i] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, links - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/**
 * Writes a wrk script that sends these visits in turn: 5,000 browsers, and an address for nearly every visit,
 * as a reverse proxy would pass them on.
 */
export function writeTraffic(draw: Draw, random: Draw, visits = 150_000): string {
  const folder = mkdtempSync(join(tmpdir(), "waypost-traffic-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const agents = Array.from({ length: 5000 }, (_, i) => agent(i));
  const languages = ["en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.8", "fr", "pt-BR,pt;q=0.9"];
  const referrers = ["https://t.co/aB3dE", "https://www.google.com/", "", "https://news.example.org/item/42"];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const octet = () => 1 + Math.floor(random() * 222);
  const requests = Array.from({ length: visits }, () => {
    const referrer = pick(referrers);
    return [
      `GET /${slugOfLink(draw())} HTTP/1.1`,
      `Host: ${benchHost}`,
      `X-Forwarded-For: ${octet() + 1}.${octet()}.${octet()}.${octet()}`,
      `User-Agent: ${pick(agents)}`,
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      `Accept-Language: ${pick(languages)}`,
      ...(referrer ? [`Referer: ${referrer}`] : []),
      "\r\n",
    ].join("\r\n");
  });
  writeFileSync(join(folder, "requests.txt"), requests.join("\0"));
  const script = join(folder, "traffic.lua");
  writeFileSync(script, lua(join(folder, "requests.txt")));
  return script;
}

const agent = (i: number): string =>
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (i % 40)}.0.${1000 + i}.${i % 97} Safari/537.36`;

const lua = (file: string): string => `
local requests, n, at = {}, 0, 0
function init()
  local text = io.open("${file}", "rb"):read("*a")
  for one in text:gmatch("[^%z]+") do n = n + 1; requests[n] = one end
end
function request()
  at = at + 1
  if at > n then at = 1 end
  return requests[at]
end
`;
