import { compileCondition } from "../../../src/redirect/rules/compile.ts";
import { type Word, wordOf } from "../../../src/redirect/rules/explain.ts";
import { parseConditions } from "../../../src/redirect/rules/parse.ts";
import type { Visitor } from "../../../src/redirect/visitor.ts";

/** What comes of a condition as somebody wrote it. */
export const holds = (condition: unknown, visitor: Visitor): Word =>
  wordOf(compileCondition(parseConditions(condition, "/conditions")).test(visitor));
