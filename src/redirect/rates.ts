import { type Window, windowMs } from "./rules/condition.ts";

/**
 * How often something came in the minute, hour or day (UTC) that lasts. Counted in this process's memory, for as many
 * as fit: those not seen for longest are forgotten first, and a restart begins anew.
 */
export interface Rates {
  /** Counts one more. @returns how many it makes, this one included */
  hit(what: string, window: Window, at: number): number;
}

interface Counted {
  /** Which minute, hour or day since 1970. */
  number: number;
  count: number;
}

const RATES_MAX = 100_000;

export function openRates(max = RATES_MAX): Rates {
  // Two generations instead of a strict order of use, as in `clicks/enrich/memo.ts`.
  let young = new Map<string, Counted>();
  let old = new Map<string, Counted>();
  return {
    hit(what, window, at) {
      const key = `${window} ${what}`;
      const number = Math.floor(at / windowMs[window]);
      let counted = young.get(key);
      if (counted === undefined) {
        counted = old.get(key) ?? { number, count: 0 };
        if (young.size >= max) {
          old = young;
          young = new Map();
        }
        young.set(key, counted);
      }
      if (counted.number !== number) {
        counted.number = number;
        counted.count = 0;
      }
      counted.count++;
      return counted.count;
    },
  };
}
