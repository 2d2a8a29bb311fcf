/** Holds when all of them do. */
export interface All {
  readonly all: readonly Condition[];
}
/** Holds when one of them does. */
export interface Any {
  readonly any: readonly Condition[];
}
export interface Not {
  readonly not: Condition;
}
/** One question about the visitor. */
export interface Leaf {
  readonly field: string;
  readonly operator: string;
  /** What the field is held against; its shape hangs on field and operator. Null where the operator takes none. */
  readonly value: unknown;
  /** Which query parameter, header or cookie. */
  readonly name?: string;
  /** IANA name of the zone that hours, weekdays and dates are meant in, or `visitor`. UTC when left out. */
  readonly timezone?: string;
  /** From which quality on an accepted language counts; without it, only the most preferred does. */
  readonly quality?: number;
  /** The stretch of time that a rate is counted over. */
  readonly window?: Window;
}
/** A condition tree as it is stored, in its one normal form. `parseConditions` makes it of what people write. */
export type Condition = All | Any | Not | Leaf;

export const windows = ["minute", "hour", "day"] as const;
export type Window = (typeof windows)[number];
export const windowMs: Readonly<Record<Window, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

export const isLeaf = (condition: Condition): condition is Leaf => "field" in condition;

/** The conditions below this one, with their paths. */
export function partsOf(condition: Condition): readonly (readonly [path: string, part: Condition])[] {
  if (isLeaf(condition)) return [];
  if ("not" in condition) return [["/not", condition.not]];
  const [name, parts] = "all" in condition ? ["all", condition.all] : ["any", condition.any];
  return parts.map((part, i) => [`/${name}/${i}`, part]);
}

/** Every leaf of the tree. */
export const leavesOf = (condition: Condition): readonly Leaf[] =>
  isLeaf(condition) ? [condition] : partsOf(condition).flatMap(([, part]) => leavesOf(part));
