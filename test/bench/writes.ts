import { type Bench, type Measure, median } from "./measure.ts";
import { slowDisk, startProgram } from "./program.ts";
import { wrk } from "./wrk.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
const DELAY_MS = 200;

export const bench: Bench = {
  about: "links made through the API, durable before the answer, and redirects meanwhile",
  needs: ["wrk", "taskset"],
  async run() {
    const { rate, aloneMs, ratio } = await measured();
    const measures: Measure[] = [
      { what: "POST /links, durable", value: rate, unit: "links/s", budget: { min: 2000 } },
      { what: "redirect p99, alone", value: aloneMs, unit: "ms" },
      { what: "redirect p99, while links are made / alone", value: ratio, unit: "×", budget: { max: 1.5 } },
    ];
    if (!Bun.which("strace")) return measures;
    const slow = await measured(slowDisk(DELAY_MS));
    return [
      ...measures,
      {
        what: `the same, 5 % of syncs ${DELAY_MS} ms late`,
        value: slow.ratio,
        unit: "×",
        budget: { max: 1.5 },
      },
      { what: "redirect worst, the same", value: slow.worstMs, unit: "ms", budget: { max: DELAY_MS } },
    ];
  },
};

/** Medians of rounds: links alone, redirects alone, both at once. */
async function measured(before: readonly string[] = []) {
  const program = await startProgram(undefined, before);
  try {
    await program.post({ destinationUrl: "https://example.com/", slug: "hot" });
    await wrk(program.posting, 2);
    const rounds: { rate: number; aloneMs: number; ratio: number; worstMs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const writing = await wrk(program.posting, SECONDS);
      const alone = await wrk(program.visiting, SECONDS);
      const [busy] = await Promise.all([wrk(program.visiting, SECONDS), wrk(program.posting, SECONDS)]);
      rounds.push({
        rate: writing.perSecond,
        aloneMs: alone.p99Ms,
        ratio: busy.p99Ms / alone.p99Ms,
        worstMs: busy.worstMs,
      });
    }
    const middle = (name: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[name]));
    return {
      rate: middle("rate"),
      aloneMs: middle("aloneMs"),
      ratio: middle("ratio"),
      worstMs: middle("worstMs"),
    };
  } finally {
    await program.stop();
  }
}
