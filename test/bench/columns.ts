import { join } from "node:path";
import type { Bench } from "./measure.ts";

const CLICKS = process.env["BENCH_CLICKS"] ?? "10000000";

interface Told {
  readonly appendCpuUsPerClick: number;
  readonly bytesPerClick: number;
  readonly rssMB: number;
  readonly questions: Readonly<Record<string, { readonly cpuMs: number }>>;
}

/** Time of a core each question may take; those without a number only inform. */
const budgets: Readonly<Record<string, { what: string; max?: number }>> = {
  browsers: { what: "by browser", max: 200 },
  referrers: { what: "by referrer", max: 200 },
  links: { what: "by link", max: 200 },
  days: { what: "by day", max: 200 },
  hours: { what: "by hour", max: 200 },
  twoFilters: { what: "by browser, two filters", max: 200 },
  uniques: { what: "exact uniques", max: 450 },
  uniquesByBrowser: { what: "exact uniques by browser" },
  uniquesByDay: { what: "exact uniques by day" },
  uniquesByLink: { what: "exact uniques by link" },
  linkRank50000: { what: "one link, the 50,000th of 100,000", max: 20 },
  linkRank1000: { what: "one link, the 1,000th" },
  linkRank1: { what: "one link, the busiest" },
};

export const bench: Bench = {
  about: `questions to ${Number(CLICKS).toLocaleString("en-US")} clicks of one workspace, time of one core`,
  async run() {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "columns-fill.ts"), CLICKS], {
      stdout: "pipe",
    });
    const told = JSON.parse(await new Response(child.stdout).text()) as Told;
    if ((await child.exited) !== 0) throw new Error("columns-fill.ts failed");
    return [
      { what: "append and seal", value: told.appendCpuUsPerClick, unit: "µs/click" },
      { what: "store", value: told.bytesPerClick, unit: "bytes/click", budget: { max: 16 } },
      { what: "memory of the process that asks", value: told.rssMB, unit: "MB" },
      ...Object.entries(budgets).map(([name, { what, max }]) => ({
        what,
        value: told.questions[name]!.cpuMs,
        unit: "ms",
        ...(max === undefined ? {} : { budget: { max } }),
      })),
    ];
  },
};
