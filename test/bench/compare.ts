import { type BenchServer, type Round, sendLoad } from "./load.ts";
import { median } from "./measure.ts";
import { benchHost, destinationOf, slugOfLink } from "./traffic.ts";

/** Medians of each server, and of the second in proportion to the first. */
export interface Comparison {
  readonly first: Round;
  readonly second: Round;
  readonly perSecond: number;
  readonly cpu: number;
  readonly p99: number;
}

/**
 * Loads two servers in turn, so that whatever else the machine does falls on both. Pairs of rounds in which
 * strangers took part of the cores are left out while there is hope for better ones. The proportions are
 * medians over the pairs.
 */
export async function compare(
  scripts: readonly [string, string],
  starting: readonly [Promise<BenchServer>, Promise<BenchServer>],
): Promise<Comparison> {
  const [first, second] = await Promise.all(starting);
  const pairs: [Round, Round][] = [];
  try {
    await sendLoad(first, scripts[0], 2);
    await sendLoad(second, scripts[1], 2);
    for (const server of [first, second]) await checkAnswers(server);
    while (pairs.length < ROUNDS * 3 && pairs.filter(isQuiet).length < ROUNDS)
      pairs.push([await sendLoad(first, scripts[0], SECONDS), await sendLoad(second, scripts[1], SECONDS)]);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  const quiet = pairs.filter(isQuiet);
  console.error(`${quiet.length} of ${pairs.length} pairs of rounds were undisturbed`);
  return summary(quiet.length > 0 ? quiet : pairs);
}

/** A server that answers fast and wrong would win. Asked for the hottest links again and again. */
async function checkAnswers(server: BenchServer): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const response = await fetch(`http://127.0.0.1:${server.port}/${slugOfLink(i % 20)}`, {
      headers: { host: benchHost },
      redirect: "manual",
    });
    const { headers, status } = response;
    if (
      status !== 302 ||
      headers.get("location") !== destinationOf(i % 20) ||
      headers.get("cache-control") !== "private, no-store"
    )
      throw new Error(`A wrong answer: ${status} ${JSON.stringify([...headers])}`);
  }
}

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 9);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 1);
const DISTURBED_MAX = 0.08;

const isQuiet = ([one, other]: [Round, Round]): boolean =>
  Math.max(one.disturbed, other.disturbed) < DISTURBED_MAX;

const summary = (pairs: readonly [Round, Round][]): Comparison => ({
  first: middle(pairs.map(([one]) => one)),
  second: middle(pairs.map(([, other]) => other)),
  perSecond: median(pairs.map(([one, other]) => other.perSecond / one.perSecond)),
  cpu: median(pairs.map(([one, other]) => other.cpuMicroseconds / one.cpuMicroseconds)),
  p99: median(pairs.map(([one, other]) => other.p99Ms / one.p99Ms)),
});

const middle = (rounds: readonly Round[]): Round => ({
  perSecond: median(rounds.map((round) => round.perSecond)),
  cpuMicroseconds: median(rounds.map((round) => round.cpuMicroseconds)),
  p99Ms: median(rounds.map((round) => round.p99Ms)),
  disturbed: median(rounds.map((round) => round.disturbed)),
});
