import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TAGS } from "../../src/platform/openapi.ts";
import { permissions } from "../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../support/app.ts";

interface Operation {
  readonly tags: string[];
  readonly operationId: string;
  readonly summary: string;
  readonly "x-permission": string | null;
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Record<string, unknown>;
}
let app: TestApp;
let document: {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};

beforeAll(async () => {
  app = await testApp();
  document = (await app.call("GET", "/openapi.json", { key: null })).body;
});
afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

test("the OpenAPI document lints without errors or warnings", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "waypost-openapi-")), "openapi.json");
  await Bun.write(file, JSON.stringify(document));
  const cli = join(import.meta.dir, "../../node_modules/@redocly/cli/bin/cli.js");
  const run = Bun.spawnSync([process.execPath, cli, "lint", file, "--format=summary"], {
    env: { ...process.env, REDOCLY_TELEMETRY: "off", CI: "true" },
  });
  const output = `${run.stdout}${run.stderr}`;
  expect(output).not.toMatch(/\berror\b|\bwarning\b/);
  expect(run.exitCode).toBe(0);
}, 120_000);

test("OpenAPI has every route, and no route that is not there", () => {
  const described = operations().map(({ method, path }) => `${method} ${path}`);
  const registered = app.app.api.routes.map(
    ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`,
  );
  expect(described.sort()).toEqual(registered.sort());
});

/** Routes that ask nobody who they are. A new one is added here on purpose or not at all. */
const below = (path: string) => `POST /api/v1/auth/${path}`;
const open = [
  "GET /api/v1/openapi.json",
  "GET /api/v1/setup",
  "GET /api/v1/domains/check",
  "POST /api/v1/setup",
  "POST /api/v1/invites/look",
  "POST /api/v1/invites/accept",
  "POST /api/v1/auth/signin",
  "POST /api/v1/auth/refresh-token",
  ...["signup", "email/verify", "email/confirm", "password/forgot", "password/reset"].map(below),
  ...["otp/request", "otp/verify", "totp/verify", "passkeys/signin", "passkeys/signin/options"].map(below),
];

test("every route has a permission of the table or stands on the public list", () => {
  for (const { method, path, permission } of app.app.api.routes) {
    if (permission === null) expect(open).toContain(`${method} ${path}`);
    else expect(permissions).toContain(permission);
  }
});

test("OpenAPI names each route's permission, its refusals and a known tag", () => {
  const ids = new Set<string>();
  for (const { operation, method, path } of operations()) {
    const route = app.app.api.routes.find(
      (one) => one.method === method && one.path.replace(/:(\w+)/g, "{$1}") === path,
    );
    expect(operation["x-permission"]).toBe(route!.permission);
    expect(Object.keys(TAGS)).toContain(operation.tags[0]!);
    expect(operation.summary).not.toBe("");
    expect(operation.responses["400"]).toBeDefined();
    if (route!.permission) expect(operation.responses["401"]).toBeDefined();
    ids.add(operation.operationId);
  }
  expect(ids.size).toBe(operations().length);
});

test("OpenAPI offers an Idempotency-Key where a retry finds the first answer, and nowhere else", async () => {
  const src = join(import.meta.dir, "../../src/features");
  const keeping: string[] = [];
  for (const file of new Bun.Glob("*/*routes.ts").scanSync(src)) {
    const routes = (await Bun.file(join(src, file)).text()).split(
      /\n {4}\.(?=(?:get|post|patch|put|delete)\()/,
    );
    for (const route of routes.slice(1))
      if (route.startsWith("post(") && route.includes("once("))
        keeping.push(/operationId: "(\w+)"/.exec(route)![1]!);
  }
  const offering = operations().filter(({ operation }) =>
    operation.parameters?.some(({ name }) => name === "Idempotency-Key"),
  );
  expect(offering.map(({ operation }) => operation.operationId).sort()).toEqual(keeping.sort());
  for (const { operation } of operations())
    expect(operation.responses["422"] !== undefined).toBe(keeping.includes(operation.operationId));
});

/** Publishable keys are made before the routes that take them. */
const waiting = ["track:create"] as const;

test("every permission of the table is asked for by some route", () => {
  const asked = new Set<string | null>([
    ...waiting,
    ...app.app.api.routes.map(({ permission }) => permission),
  ]);
  expect(permissions.filter((one) => !asked.has(one))).toEqual([]);
});

/** Walks what a request may bring: every object in it must refuse what it does not know. */
function looseObjects(schema: unknown, at: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as Record<string, unknown>;
  const loose = node["type"] === "object" && node["additionalProperties"] !== false ? [at] : [];
  return [...loose, ...Object.entries(node).flatMap(([name, value]) => looseObjects(value, `${at}/${name}`))];
}

test("every object of every body refuses unknown fields, at every depth", () => {
  const bodies = operations().map(({ operation, path, method }) => ({
    at: `${method} ${path}`,
    schema: (operation as unknown as { requestBody?: unknown }).requestBody,
  }));
  expect(bodies.flatMap(({ schema, at }) => looseObjects(schema, at))).toEqual([]);
  expect(looseObjects({ type: "object", properties: { a: { type: "object" } } }, "control")).toHaveLength(2);
});

/** Every text, list and number a request may bring has an upper limit. */
function limitless(schema: unknown, at: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as Record<string, unknown>;
  const types = [node["type"]].flat();
  const bounded =
    !("const" in node || "enum" in node) &&
    ((types.includes("string") && node["maxLength"] === undefined) ||
      (types.includes("array") && node["maxItems"] === undefined) ||
      (types.includes("integer") && node["maximum"] === undefined));
  return [
    ...(bounded ? [at] : []),
    ...Object.entries(node).flatMap(([name, value]) => limitless(value, `${at}/${name}`)),
  ];
}

test("every text, list and number of a request has a limit", () => {
  const inputs = operations().map(({ operation, path, method }) => {
    const { requestBody, parameters } = operation as unknown as {
      requestBody?: unknown;
      parameters?: unknown;
    };
    return limitless({ requestBody, parameters }, `${method} ${path}`);
  });
  expect(inputs.flat()).toEqual([]);
});
