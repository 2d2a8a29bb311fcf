import { afterAll, beforeAll, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { type Answer, type TestApp, testApp } from "../support/app.ts";

/** The long form is FUZZ_RUNS=200000. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 3000);

type Schema = Record<string, unknown>;
interface Operation {
  readonly parameters?: { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { content: Record<string, { schema: Schema }> };
  readonly responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

let app: TestApp;
let operations: { method: string; path: string; operation: Operation }[];
let components: Record<string, Schema>;
const known: Record<string, string> = {};

beforeAll(async () => {
  app = await testApp();
  const { body } = await app.call("GET", "/openapi.json", { key: null });
  components = body.components.schemas;
  operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
  );
  known["link"] = (
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } })
  ).body.data.id;
  known["domain"] = "links.test";
  known["key"] = (await app.call("POST", "/keys", { body: { name: "fuzz" } })).body.data.id;
});
afterAll(() => app.close());

/** Values a schema takes, values at and beyond its bounds, and values of another kind. */
function values(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: right(schema) },
    { weight: 1, arbitrary: fc.anything({ maxDepth: 2 }) },
  );
}

function right(schema: Schema): fc.Arbitrary<unknown> {
  if (schema["$ref"]) return right(components[String(schema["$ref"]).split("/").at(-1)!]!);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...schema["enum"]);
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(schema["anyOf"])) return fc.oneof(...(schema["anyOf"] as Schema[]).map(right));
  const types = [schema["type"]].flat() as string[];
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.oneof(
        fc.integer({
          min: Number(schema["minimum"] ?? -10),
          max: Math.min(Number(schema["maximum"] ?? 1e6), 2 ** 31 - 1),
        }),
        fc.constantFrom(-1, 0, 1.5, 2 ** 31, 2 ** 53, Number(schema["maximum"] ?? 0) + 1),
      );
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(values((schema["items"] ?? {}) as Schema), { maxLength: 4 });
    case "object":
      return fc.record(
        Object.fromEntries(
          Object.entries((schema["properties"] ?? {}) as Record<string, Schema>).map(([name, one]) => [
            name,
            values(one),
          ]),
        ),
        { requiredKeys: ((schema["required"] ?? []) as string[]).filter(() => true) },
      );
    default:
      return fc.anything({ maxDepth: 1 });
  }
}

function text(schema: Schema): fc.Arbitrary<string> {
  const max = Number(schema["maxLength"] ?? 100);
  return fc.oneof(
    fc.string({ maxLength: Math.min(max, 40) }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      ...(((schema["examples"] as string[] | undefined) ?? []).length > 0
        ? (schema["examples"] as string[])
        : ["x"]),
    ),
    fc.constantFrom(
      "",
      "x".repeat(max),
      "x".repeat(Math.min(max + 1, 20_000)),
      "2026-11-22T09:00:00Z",
      "https://example.com/a?b=c",
      "\0",
      "\ud800",
      "%00",
      "../..",
      "' or 1=1 --",
      "é",
      "e\u0301",
    ),
  );
}

/** Fields of an answer that its schema does not know. */
function undocumented(schema: Schema, value: unknown, at = ""): string[] {
  if (schema["$ref"]) return undocumented(components[String(schema["$ref"]).split("/").at(-1)!]!, value, at);
  if (Array.isArray(value))
    return value.flatMap((one) => undocumented((schema["items"] ?? {}) as Schema, one, `${at}[]`));
  if (typeof value !== "object" || value === null || schema["additionalProperties"] === true) return [];
  const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
  return Object.entries(value).flatMap(([name, one]) =>
    name in properties ? undocumented(properties[name]!, one, `${at}/${name}`) : [`${at}/${name}`],
  );
}

function check(operation: Operation, { status, headers, body, text: raw }: Answer, what: string): void {
  if (status === 304 || status === 204) return;
  // A file is told by its type alone.
  const [type = ""] = headers.get("content-type")?.split(";") ?? [];
  if (type !== "application/json" && operation.responses[String(status)]?.content?.[type]) return;
  if (status >= 500) throw new Error(`${what} → ${status} ${raw}`);
  const documented = operation.responses[String(status)]?.content?.["application/json"]?.schema;
  if (!documented) throw new Error(`${what} → ${status}, which is not documented`);
  const unknown = undocumented(documented, body);
  if (unknown.length > 0) throw new Error(`${what} answers what is not documented: ${unknown}`);
  if (!Value.Check(resolved(documented) as never, body))
    throw new Error(`${what} → ${raw} breaks its schema`);
}

/** TypeBox checks plain JSON Schema once its kinds are named; the references are put in place. */
function resolved(schema: Schema): Schema {
  const { [Symbol.for("TypeBox.Kind") as never]: _, ...plain } = schema;
  if (plain["$ref"]) return resolved(components[String(plain["$ref"]).split("/").at(-1)!]!);
  return typed(plain);
}

const KIND = Symbol.for("TypeBox.Kind");
function typed(schema: Schema): Schema {
  const kind = (name: string, rest: Schema = {}) => ({ ...rest, [KIND]: name });
  if ("const" in schema) return kind("Literal", { const: schema["const"] });
  if (Array.isArray(schema["enum"]))
    return kind("Union", { anyOf: schema["enum"].map((one) => kind("Literal", { const: one })) });
  if (Array.isArray(schema["anyOf"]))
    return kind("Union", { anyOf: (schema["anyOf"] as Schema[]).map(resolved) });
  const type = schema["type"];
  if (Array.isArray(type))
    return kind("Union", { anyOf: type.map((one) => typed({ ...schema, type: one })) });
  switch (type) {
    case "object": {
      const properties = Object.entries((schema["properties"] ?? {}) as Record<string, Schema>);
      return kind("Object", {
        type,
        properties: Object.fromEntries(properties.map(([name, one]) => [name, resolved(one)])),
        required: schema["required"] ?? [],
      });
    }
    case "array":
      return kind("Array", { type, items: resolved((schema["items"] ?? {}) as Schema) });
    case "string":
      return kind("String", { type, ...(schema["pattern"] ? { pattern: schema["pattern"] } : {}) });
    case "integer":
      return kind("Integer", { type });
    case "boolean":
      return kind("Boolean", { type });
    case "null":
      return kind("Null", { type });
    default:
      return kind("Any");
  }
}

const requests = () =>
  fc.constantFrom(...operations).chain((one) => {
    const parameters = one.operation.parameters ?? [];
    const query = fc.record(
      Object.fromEntries(parameters.filter((p) => p.in === "query").map((p) => [p.name, values(p.schema)])),
      { requiredKeys: [] },
    );
    const names = fc.record(
      Object.fromEntries(
        parameters
          .filter((p) => p.in === "path")
          .map((p) => [
            p.name,
            fc.oneof(
              fc.constant(known[p.name] ?? "x"),
              // These two every URL loses on its way.
              fc.string({ minLength: 1, maxLength: 30 }).filter((name) => name !== "." && name !== ".."),
            ),
          ]),
      ),
    );
    // Files have tests of their own: test/features/transfer/imports.test.ts.
    const body = one.operation.requestBody?.content["application/json"]
      ? values(one.operation.requestBody.content["application/json"]!.schema)
      : fc.constant(undefined);
    return fc.record({ one: fc.constant(one), query, names, body });
  });

test(`${RUNS} requests made from the OpenAPI document, valid, at the bounds and beyond, are answered as it says`, async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(requests(), async ({ one, query, names, body }) => {
      // The owner's key must live through the run.
      if (one.method === "DELETE" && one.path.includes("/keys/")) return;
      const path = one.path
        .replace("/api/v1", "")
        .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name]).toWellFormed()));
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [
          name,
          typeof value === "object" ? JSON.stringify(value) : String(value),
        ]),
      ).toString();
      const text = body === undefined ? undefined : (JSON.stringify(body) ?? "null");
      const answer = await app.call(one.method, `${path}${search ? `?${search}` : ""}`, {
        ...(text === undefined ? {} : { body: text }),
      });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      check(one.operation, answer, `${one.method} ${path}?${search} ${text?.slice(0, 300) ?? ""}`);
    }),
    { numRuns: RUNS, seed: 20261122 },
  );
  expect(statuses.get(200)).toBeGreaterThan(RUNS / 100);
  expect(statuses.get(201)).toBeGreaterThan(0);
  expect(statuses.get(400)).toBeGreaterThan(RUNS / 20);
}, 600_000);
