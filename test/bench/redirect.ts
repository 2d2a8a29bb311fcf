import { type BenchServer, type Round, sendLoad, startServer } from "./load.ts";
import { type Bench, type Measure, median } from "./measure.ts";
import { seeded, writeTraffic, zipf } from "./traffic.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);

export const bench: Bench = {
  about: "links in memory, against a bare server that answers from a Map",
  needs: ["wrk", "taskset"],
  async run() {
    const random = seeded(1);
    const script = writeTraffic(zipf(100_000, random), random);
    const pair = await compare(script, startServer("bare.ts"), startServer("cached.ts"));
    const { first: bare, second: ours } = pair;
    return [
      { what: "bare server", value: bare.perSecond, unit: "requests/s" },
      { what: "redirect", value: ours.perSecond, unit: "requests/s" },
      { what: "redirect / bare, requests", value: pair.perSecond, unit: "×", budget: { min: 0.75 } },
      { what: "bare, main thread", value: bare.cpuMicroseconds, unit: "µs/request" },
      { what: "redirect, main thread", value: ours.cpuMicroseconds, unit: "µs/request" },
      { what: "redirect / bare, main thread", value: pair.cpu, unit: "×", budget: { max: 1.4 } },
      { what: "bare, p99", value: bare.p99Ms, unit: "ms" },
      { what: "redirect, p99", value: ours.p99Ms, unit: "ms" },
      { what: "redirect / bare, p99", value: pair.p99, unit: "×", budget: { max: 2 } },
      { what: "cores taken by others", value: Math.max(bare.disturbed, ours.disturbed), unit: "share" },
    ] satisfies Measure[];
  },
};

/**
 * Loads two servers in turn, so that whatever else the machine does falls on both. Pairs of rounds in which
 * strangers took part of the cores are left out while there is hope for better ones. Medians of the pairs.
 */
export async function compare(
  script: string,
  ...starting: [Promise<BenchServer>, Promise<BenchServer>]
): Promise<Comparison> {
  const [first, second] = await Promise.all(starting);
  let pairs: [Round, Round][] = [];
  try {
    for (const server of [first, second]) await sendLoad(server, script, 2);
    for (let round = 0; round < ROUNDS * 4 && pairs.filter(isQuiet).length < ROUNDS; round++)
      pairs.push([await sendLoad(first, script, SECONDS), await sendLoad(second, script, SECONDS)]);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  const quiet = pairs.filter(isQuiet);
  console.error(`${quiet.length} of ${pairs.length} pairs of rounds were undisturbed`);
  if (quiet.length > 0) pairs = quiet;
  return {
    first: summary(pairs.map(([one]) => one)),
    second: summary(pairs.map(([, other]) => other)),
    perSecond: median(pairs.map(([one, other]) => other.perSecond / one.perSecond)),
    cpu: median(pairs.map(([one, other]) => other.cpuMicroseconds / one.cpuMicroseconds)),
    p99: median(pairs.map(([one, other]) => other.p99Ms / one.p99Ms)),
  };
}

/** Medians of each server, and of the second in proportion to the first. */
interface Comparison {
  readonly first: Round;
  readonly second: Round;
  readonly perSecond: number;
  readonly cpu: number;
  readonly p99: number;
}

const isQuiet = ([one, other]: [Round, Round]): boolean => Math.max(one.disturbed, other.disturbed) < 0.06;

const summary = (rounds: readonly Round[]): Round => ({
  perSecond: median(rounds.map((round) => round.perSecond)),
  cpuMicroseconds: median(rounds.map((round) => round.cpuMicroseconds)),
  p99Ms: median(rounds.map((round) => round.p99Ms)),
  disturbed: median(rounds.map((round) => round.disturbed)),
});
