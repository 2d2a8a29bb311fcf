/** One measured claim, with the budget it must keep. */
export interface Measure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** At least, or at most, this much. Without one the measure only informs. */
  readonly budget?: { readonly min: number } | { readonly max: number };
}

/** A file beside this one that exports `bench` is found and run by `run.ts` under its file name. */
export interface Bench {
  readonly about: string;
  /** Commands that must be installed. */
  readonly needs?: readonly ("wrk" | "taskset")[];
  run(): Promise<Measure[]>;
}

export const keeps = ({ value, budget }: Measure): boolean =>
  budget === undefined || ("min" in budget ? value >= budget.min : value <= budget.max);

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
