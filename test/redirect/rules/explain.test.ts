import { describe, expect, test } from "bun:test";
import { compileCondition } from "../../../src/redirect/rules/compile.ts";
import type { Condition } from "../../../src/redirect/rules/condition.ts";
import { explain } from "../../../src/redirect/rules/explain.ts";
import { parseConditions } from "../../../src/redirect/rules/parse.ts";
import { visitorOf } from "../visitor.ts";

const visitor = visitorOf({ headers: {} });
const yes = { field: "method", operator: "equals", value: "GET" };
const no = { field: "method", operator: "equals", value: "PUT" };
const unknown = { field: "country", operator: "equals", value: "DE" };

const told = (condition: unknown): [string, string] => {
  const { result, decidedBy } = explain(compileCondition(parseConditions(condition, "")), visitor);
  return [result, decidedBy];
};

describe("what settled it is named, and what is unknown stays so", () => {
  test.each([
    [yes, "true", ""],
    [{ all: [yes, no, no] }, "false", "/all/1"],
    [{ all: [yes, yes] }, "true", ""],
    [{ all: [yes] }, "true", "/all/0"],
    [{ all: [] }, "true", ""],
    [{ all: [unknown, no] }, "false", "/all/1"],
    [{ all: [yes, unknown] }, "unknown", "/all/1"],
    [{ any: [no, yes, yes] }, "true", "/any/1"],
    [{ any: [no, no] }, "false", ""],
    [{ any: [unknown, yes] }, "true", "/any/1"],
    [{ any: [unknown, no] }, "unknown", "/any/0"],
    [{ not: yes }, "false", "/not"],
    [{ not: unknown }, "unknown", "/not"],
    [{ all: [{ any: [no, { not: no }] }] }, "true", "/all/0/any/1/not"],
    [{ any: [{ all: [yes, no] }, { all: [yes, { not: { any: [no, no] } }] }] }, "true", "/any/1"],
  ])("%j", (condition, result, decidedBy) => expect(told(condition)).toEqual([result, decidedBy]));
});

test("every condition is told with what the visitor has there, and what is missing to know it", () => {
  const { conditions } = explain(
    compileCondition(
      parseConditions({ all: [no, unknown, { field: "query", operator: "is_set", name: "x" }] }, ""),
    ),
    visitorOf({ query: "x=1&x=2" }),
  );
  expect(conditions.map(({ path, result, given, needs }) => [path, result, given, needs])).toEqual([
    ["/all/0", "false", "GET", null],
    ["/all/1", "unknown", null, "a place database, and an address that stands in it"],
    ["/all/2", "true", ["1", "2"], null],
  ]);
});

test("a field that only a later version knows matches nobody, and says so", () => {
  const later = { field: "mood", operator: "equals", value: "good" };
  const { result, conditions } = explain(compileCondition({ all: [yes, later] } as Condition), visitor);
  expect([result, conditions[1]!.needs]).toEqual(["unknown", "a later version of this program"]);
});
