import { countedOutcomes } from "../../redirect/visit.ts";
import { botVerdicts, type Click } from "../click.ts";

export const DAY_MS = 86_400_000;
/** Values of `clicks.counted_as`. */
export const countedAs = { neither: 0, click: 1, botClick: 2 } as const;

/** In which of a link's numbers a click is counted. */
export function countedAsOf({ verdict, outcome }: Click): number {
  if (!countedOutcomes.has(outcome)) return countedAs.neither;
  if (verdict === "human") return countedAs.click;
  return botVerdicts.has(verdict) ? countedAs.botClick : countedAs.neither;
}

let mixDay = -1;
let mix = 0n;

/** A visitor's hash as a signed integer that differs from day to day, whatever the hash. */
export function visitorOfDay(visitor: bigint, at: number): bigint {
  const day = Math.floor(at / DAY_MS);
  if (day !== mixDay) {
    mixDay = day;
    // A bijection for each day: two visitors of one day never become one.
    mix = BigInt.asUintN(64, BigInt(day) * 0x9e37_79b9_7f4a_7c15n);
  }
  return BigInt.asIntN(64, visitor ^ mix);
}
