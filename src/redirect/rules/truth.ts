import type { Visitor } from "../visitor.ts";

/**
 * What came of a condition. Unknown is neither: nobody can say where a visitor is without a place database. It is
 * carried through `all`, `any` and `not` as Kleene has it, so `not` of what is unknown stays unknown, and a rule
 * matches only when its conditions are true.
 */
export type Truth = 0 | 1 | -1;
export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = -1;

export type Test = (visitor: Visitor) => Truth;

export const truthOf = (holds: boolean): Truth => (holds ? TRUE : FALSE);
export const negated = (truth: Truth): Truth => (truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE);

/** The first that is false decides; else one that is unknown. */
export function allOf(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0]!;
  return (visitor) => {
    let truth: Truth = TRUE;
    for (const test of tests) {
      const one = test(visitor);
      if (one === FALSE) return FALSE;
      if (one === UNKNOWN) truth = UNKNOWN;
    }
    return truth;
  };
}

/** The first that is true decides; else one that is unknown. */
export function anyOf(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0]!;
  return (visitor) => {
    let truth: Truth = FALSE;
    for (const test of tests) {
      const one = test(visitor);
      if (one === TRUE) return TRUE;
      if (one === UNKNOWN) truth = UNKNOWN;
    }
    return truth;
  };
}

export const notOf =
  (test: Test): Test =>
  (visitor) =>
    negated(test(visitor));
