import { join } from "node:path";
import { type Bench, median } from "./measure.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const CLICKS = "600000";
const CLICKS_A_BATCH = "16384";

export const bench: Bench = {
  about: "clicks from the journal into the store, enriched",
  async run() {
    const rates: number[] = [];
    const ofOneCore: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const told = await script<{
        clicksPerSecond: number;
        cpuUsPerClick: number;
        bytesPerClick: number;
      }>("fold.ts", CLICKS, CLICKS_A_BATCH);
      rates.push(told.clicksPerSecond);
      ofOneCore.push(1e6 / told.cpuUsPerClick);
      bytes = told.bytesPerClick;
    }
    return [
      { what: "fold, median", value: median(rates), unit: "clicks/s", budget: { min: 60_000 } },
      {
        what: "fold, of one core's time",
        value: median(ofOneCore),
        unit: "clicks/s",
        budget: { min: 100_000 },
      },
      { what: "fold, best round", value: Math.max(...rates), unit: "clicks/s" },
      { what: "store and its log, after 600,000 clicks", value: bytes, unit: "bytes/click" },
    ];
  },
};

/** Runs one of the scripts beside this file in a process of its own, so that no round warms up the next. */
async function script<T>(name: string, ...args: string[]): Promise<T> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, name), ...args], { stdout: "pipe" });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  if ((await child.exited) !== 0) throw new Error(`${name} failed`);
  return JSON.parse(lines.at(-1)!) as T;
}
