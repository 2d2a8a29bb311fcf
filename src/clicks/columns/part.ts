import { type Batch, type NumberColumn, spanOf } from "./batch.ts";
import { type Indexed, indexed } from "./indexed.ts";

/** Two words for each click; those of click `i` are at `2 * (i - base)`. */
export interface Words {
  readonly words: Int32Array;
  readonly base: number;
}

/** Clicks a question can be put to: a block on disk, or a batch of the tail. What is not asked for is not read. */
export interface Part {
  readonly count: number;
  /** Times of the first and the last click in it. */
  readonly first: number;
  readonly last: number;
  /** The only workspace in it; null when there may be several. */
  readonly workspace: number | null;
  /** Whether its clicks are ordered by link. */
  readonly isByLink: boolean;
  dictionary(column: NumberColumn): Uint32Array;
  places(column: NumberColumn): Uint16Array;
  at(): Float64Array;
  /** The visitors of the clicks from one place up to another. */
  visitor(from: number, to: number): Words;
}

/** @param batch at most 65,536 clicks */
export function partOver(batch: Batch): Part {
  const known = new Map<NumberColumn, Indexed>();
  const column = (name: NumberColumn): Indexed => {
    const found = known.get(name) ?? indexed(batch.numbers[name]);
    known.set(name, found);
    return found;
  };
  return {
    count: batch.count,
    ...spanOf(batch.at),
    workspace: null,
    isByLink: false,
    dictionary: (name) => column(name).dictionary,
    places: (name) => column(name).places,
    at: () => batch.at,
    visitor: () => ({ words: batch.visitor, base: 0 }),
  };
}
