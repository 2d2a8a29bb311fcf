import { countedAs } from "./counted.ts";
import { openVisitors, type Visitors } from "./visitors.ts";

/** The numbers of groups while they are counted. Groups are numbered as they come. */
export interface Tally {
  /** The number of the group that stands for a number of a dictionary. */
  groupOf(value: number): number;
  /** What each group stands for. */
  readonly values: readonly number[];
  /** Four numbers a group, by `counted`. Valid until the next new group. */
  counts(): Float64Array;
  /** Valid until the next new group. */
  uniques(): Float64Array;
  readonly seen: Visitors;
  /** Times of last human clicks, where they are wanted. */
  readonly last: Map<number, number>;
  of(group: number): { clicks: number; uniqueClicks: number; botClicks: number; all: number };
}

/** @param groups how many there are from the start: one, or one for each bucket of time */
export function openTally(groups: number): Tally {
  let counts = new Float64Array(4 * Math.max(groups, 16));
  let uniques = new Float64Array(Math.max(groups, 16));
  let numbers = new Uint32Array(1024);
  const values: number[] = [];

  function grow(): void {
    counts = widened(counts, 2 * counts.length);
    uniques = widened(uniques, 2 * uniques.length);
  }

  return {
    groupOf(value) {
      if (value >= numbers.length) {
        const before = numbers;
        numbers = new Uint32Array(Math.max(value + 1, 2 * before.length));
        numbers.set(before);
      }
      const known = numbers[value]!;
      if (known !== 0) return known - 1;
      numbers[value] = values.push(value);
      if (values.length > uniques.length) grow();
      return values.length - 1;
    },
    values,
    counts: () => counts,
    uniques: () => uniques,
    seen: openVisitors(),
    last: new Map(),
    of(group) {
      const number = (kind: keyof typeof countedAs): number => counts[4 * group + countedAs[kind]]!;
      const clicks = number("click") + number("nobody");
      const botClicks = number("botClick");
      return {
        clicks,
        uniqueClicks: uniques[group]!,
        botClicks,
        all: clicks + botClicks + number("neither"),
      };
    },
  };
}

function widened(values: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(length);
  wider.set(values);
  return wider;
}
