import { type Bench, median } from "./measure.ts";
import { delayedDisk, type Program, startProgram } from "./program.ts";
import { wrk } from "./wrk.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
const DELAY_MS = 200;

export const bench: Bench = {
  about: "links made through the API, durable before the answer, and redirects meanwhile",
  needs: ["wrk", "taskset"],
  async run() {
    const program = await startProgram();
    try {
      await program.post({ destinationUrl: "https://example.com/", slug: "hot" });
      await wrk(program.posting, 2);
      const rates: number[] = [];
      const ratios: number[] = [];
      const alone: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        rates.push((await wrk(program.posting, SECONDS)).perSecond);
        const quiet = await wrk(program.visiting, SECONDS);
        const [busy] = await Promise.all([wrk(program.visiting, SECONDS), wrk(program.posting, SECONDS)]);
        alone.push(quiet.p99Ms);
        ratios.push(busy.p99Ms / quiet.p99Ms);
      }
      return [
        { what: "POST /links, durable", value: median(rates), unit: "links/s", budget: { min: 2000 } },
        { what: "redirect p99, alone", value: median(alone), unit: "ms" },
        {
          what: "redirect p99, while links are made / alone",
          value: median(ratios),
          unit: "×",
          budget: { max: 1.5 },
        },
        ...(await slowDisk(program, median(alone))),
      ];
    } finally {
      await program.stop();
    }
  },
};

/** Every fsync and fdatasync of the process takes 200 ms longer; redirects must not notice. */
async function slowDisk(program: Program, aloneMs: number) {
  if (!Bun.which("strace")) return [];
  const restore = await delayedDisk(program.pid, DELAY_MS);
  try {
    const [busy] = await Promise.all([wrk(program.visiting, SECONDS), wrk(program.posting, SECONDS)]);
    return [
      {
        what: `redirect p99, every sync ${DELAY_MS} ms late / alone`,
        value: busy.p99Ms / aloneMs,
        unit: "×",
      },
      { what: "redirect worst, the same", value: busy.worstMs, unit: "ms", budget: { max: DELAY_MS } },
    ];
  } finally {
    await restore();
  }
}
