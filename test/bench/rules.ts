import { type Comparison, compare } from "./compare.ts";
import { startServer } from "./load.ts";
import { type Bench, type Measure, median } from "./measure.ts";
import { type Program, startProgram } from "./program.ts";
import { seeded, writeTraffic, zipf } from "./traffic.ts";

export const bench: Bench = {
  about: "three rules on every link (country, device, A/B), every click journalled; simulating a visitor",
  needs: ["wrk", "taskset"],
  async run() {
    const random = seeded(1);
    const script = writeTraffic(zipf(100_000, random), random);
    const against = (server: string, other: string) =>
      compare([script, script], [startServer(server), startServer(other)]);
    return [
      ...measures("bare server", await against("bare.ts", "ruled.ts"), 0.65),
      ...measures("without rules", await against("journalled.ts", "ruled.ts"), null),
      ...(await simulating()),
    ];
  },
};

const measures = (
  other: string,
  { second, perSecond, cpu, p99 }: Comparison,
  least: number | null,
): Measure[] => [
  { what: "three rules", value: second.perSecond, unit: "requests/s" },
  {
    what: `three rules / ${other}`,
    value: perSecond,
    unit: "×",
    ...(least !== null && { budget: { min: least } }),
  },
  { what: "three rules, main thread", value: second.cpuMicroseconds, unit: "µs/request" },
  { what: `three rules / ${other}, main thread`, value: cpu, unit: "×" },
  { what: `three rules / ${other}, p99`, value: p99, unit: "×" },
];

const CALLS = 2000;

/** One call after the other, each over HTTP, with its key checked and its link read from SQLite. */
async function simulating(): Promise<Measure[]> {
  const program = await startProgram();
  try {
    const { id } = await made(program, "/links", { destinationUrl: "https://example.com/", slug: "hot" });
    const condition = (field: string, value: string) => ({ field, operator: "equals", value });
    for (const conditions of [condition("country", "FR"), condition("device", "tv"), null])
      await made(program, `/links/${id}/rules`, {
        name: "r",
        destinationUrl: "https://example.com/r",
        conditions,
      });
    const visitor = {
      country: "DE",
      userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    };
    const took: number[] = [];
    for (let i = 0; i < CALLS; i++) {
      const began = performance.now();
      await made(program, `/links/${id}/simulate`, visitor);
      took.push(performance.now() - began);
    }
    const warm = took.slice(CALLS / 4);
    return [
      { what: "simulate, over HTTP", value: median(warm), unit: "ms", budget: { max: 1 } },
      {
        what: "simulate, over HTTP, p99",
        value: warm.toSorted((a, b) => a - b)[Math.floor(warm.length * 0.99)]!,
        unit: "ms",
      },
    ];
  } finally {
    await program.stop();
  }
}

async function made({ url, key }: Program, path: string, body: unknown): Promise<{ id: string }> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { data: { id: string } }).data;
}
