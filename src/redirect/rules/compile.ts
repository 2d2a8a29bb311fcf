import { type Condition, isLeaf, type Leaf, partsOf } from "./condition.ts";
import { type Field, fields } from "./fields.ts";
import { leafTests } from "./leaf-tests.ts";
import { allOf, anyOf, notOf, type Test, UNKNOWN } from "./truth.ts";

/** A condition ready to be asked, with its parts for whoever wants to know why. */
export interface Compiled {
  readonly condition: Condition;
  /** JSON pointer from the root of the tree. */
  readonly path: string;
  readonly test: Test;
  readonly parts: readonly Compiled[];
}

/** Compiles a tree in its normal form. What a later version has stored is unknown to this one, and matches nobody. */
export function compileCondition(condition: Condition, path = ""): Compiled {
  if (isLeaf(condition)) return { condition, path, test: leafTest(condition), parts: [] };
  const parts = partsOf(condition).map(([below, part]) => compileCondition(part, path + below));
  const tests = parts.map(({ test }) => test);
  if ("not" in condition) return { condition, path, test: notOf(tests[0]!), parts };
  return { condition, path, test: "all" in condition ? allOf(tests) : anyOf(tests), parts };
}

/** Operators that ask the opposite of another. */
const opposites: Readonly<Record<string, string>> = {
  not_equals: "equals",
  not_contains: "contains",
  not_in: "in",
  not_matches: "matches",
  not_within: "within",
  is_not_set: "is_set",
  is_false: "is_true",
};

const unknown: Test = () => UNKNOWN;

function leafTest(leaf: Leaf): Test {
  const field: Field | undefined = fields[leaf.field];
  if (field === undefined) return unknown;
  const opposite = opposites[leaf.operator];
  const make = leafTests[field.kind] as (leaf: Leaf, field: Field) => Test | null;
  const test = make(opposite === undefined ? leaf : { ...leaf, operator: opposite }, field) ?? unknown;
  return opposite === undefined ? test : notOf(test);
}
