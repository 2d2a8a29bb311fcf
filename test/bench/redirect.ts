import { type Comparison, compare } from "./compare.ts";
import { startServer } from "./load.ts";
import type { Bench, Measure } from "./measure.ts";
import { seeded, writeTraffic, zipf } from "./traffic.ts";

export const bench: Bench = {
  about: "links in memory, every click journalled, against a bare server that answers from a Map",
  needs: ["wrk", "taskset"],
  async run() {
    const random = seeded(1);
    const script = writeTraffic(zipf(100_000, random), random);
    const against = (...server: [string, ...string[]]) =>
      compare([script, script], [startServer("bare.ts"), startServer(...server)]);
    const journalled = await against("journalled.ts");
    return [
      { what: "bare server", value: journalled.first.perSecond, unit: "requests/s" },
      { what: "bare server, main thread", value: journalled.first.cpuMicroseconds, unit: "µs/request" },
      { what: "bare server, p99", value: journalled.first.p99Ms, unit: "ms" },
      ...measures("journalled", journalled, true),
      ...measures("bare server that reads the headers", await against("bare.ts", "reading"), false),
      ...measures("not journalled", await against("cached.ts"), false),
      ...measures("journalled, open to other machines", await against("journalled.ts", "anywhere"), false),
    ];
  },
};

const measures = (name: string, { second, perSecond, cpu, p99 }: Comparison, budget: boolean): Measure[] => [
  { what: name, value: second.perSecond, unit: "requests/s" },
  { what: `${name} / bare`, value: perSecond, unit: "×", ...(budget && { budget: { min: 0.75 } }) },
  { what: `${name}, main thread`, value: second.cpuMicroseconds, unit: "µs/request" },
  { what: `${name} / bare, main thread`, value: cpu, unit: "×", ...(budget && { budget: { max: 1.4 } }) },
  { what: `${name}, p99`, value: second.p99Ms, unit: "ms" },
  { what: `${name} / bare, p99`, value: p99, unit: "×", ...(budget && { budget: { max: 2 } }) },
];
