import { testMail } from "../../src/features/mail/test-mail.ts";
import type { Id } from "../../src/lib/ids.ts";
import { change } from "../../src/platform/events.ts";
import { queueMail } from "../../src/platform/mail/queue.ts";
import { contextOf, type TestApp } from "./app.ts";

/** Something the API can be asked for, out of its own OpenAPI document. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** After `/api/v1`, parameters as `{name}`. */
  readonly path: string;
  /** Null for what is open to everybody. */
  readonly permission: string | null;
  /** The parameter of the path; null without one. */
  readonly named: string | null;
  readonly body: Schema | null;
  readonly requiredQuery: readonly { readonly name: string; readonly schema: Schema }[];
  readonly answers: Readonly<Record<string, Schema | null>>;
}
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly additionalProperties?: boolean;
}

export interface Api {
  readonly operations: readonly Operation[];
  resolve(schema: Schema): Schema;
}

interface Described {
  operationId: string;
  "x-permission": string | null;
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export async function readApi(app: TestApp): Promise<Api> {
  const { body: document } = await app.call("GET", "/openapi.json", { key: null });
  const paths = document.paths as Record<string, Record<string, Described>>;
  const schemas = document.components.schemas as Record<string, Schema>;
  return {
    resolve: (schema) => (schema.$ref ? schemas[schema.$ref.split("/").at(-1)!]! : schema),
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({
        id: one.operationId,
        method: method.toUpperCase(),
        path: path.replace("/api/v1", ""),
        permission: one["x-permission"],
        named: /\{(\w+)\}/.exec(path)?.[1] ?? null,
        body: one.requestBody?.content["application/json"]?.schema ?? null,
        requiredQuery: (one.parameters ?? []).filter((p) => p.in === "query" && p.required),
        answers: Object.fromEntries(
          Object.entries(one.responses).map(([status, { content }]) => [
            status,
            content?.["application/json"]?.schema ?? null,
          ]),
        ),
      })),
    ),
  };
}

let made = 0;
/** Where an example can be used only once, or means something else here. */
const chosen: Readonly<Record<string, () => Record<string, unknown>>> = {
  createUser: () => ({ email: `user-${++made}@example.org` }),
  createDomain: () => ({ host: `host-${++made}.example` }),
  createKey: () => ({ permissions: ["keys:create"] }),
};

/** A body that the operation takes: what it insists on, by the document's own examples. */
export function validBody(api: Api, { id, body }: Operation): Record<string, unknown> | undefined {
  if (body === null) return undefined;
  const { properties = {}, required = [] } = api.resolve(body);
  const values = required.map((name) => [name, example(api, properties[name]!, `${id} ${name}`)]);
  return { ...Object.fromEntries(values), ...chosen[id]?.() };
}

/** `?by=…` with whatever must be there. */
export const validQuery = (api: Api, { id, requiredQuery }: Operation): string =>
  requiredQuery.length === 0
    ? ""
    : `?${new URLSearchParams(
        requiredQuery.map(({ name, schema }): [string, string] => [
          name,
          String(example(api, schema, `${id} ${name}`)),
        ]),
      )}`;

function example(api: Api, given: Schema, what: string): unknown {
  const schema = api.resolve(given);
  if (schema.examples) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return example(api, schema.anyOf[0]!, what);
  const [type] = [schema.type].flat();
  if (type === "boolean") return true;
  if (type === "integer") return 1;
  if (type === "string") return what.endsWith(" address") ? "ada@example.com" : "text";
  throw new Error(`${what} has no example in the document: give it one`);
}

/** Makes what a path names, in the workspace of the key. A parameter that is not here fails the tests that need it. */
export const makers: Readonly<Record<string, (app: TestApp, key: string) => Promise<string>>> = {
  async link(app, key) {
    return (await app.call("POST", "/links", { key, body: { destinationUrl: "https://example.com/" } })).body
      .data.id;
  },
  async domain(app, key) {
    return (await app.call("POST", "/domains", { key, body: { host: `made-${++made}.example` } })).body.data
      .id;
  },
  async key(app, key) {
    const body = { name: "made", permissions: ["links:read"] };
    return (await app.call("POST", "/keys", { key, body })).body.data.id;
  },
  async mail(app, key) {
    const workspace = (await app.call("GET", "/workspace", { key })).body.data.id as Id<"ws">;
    const ctx = contextOf(app, workspace);
    const reader = { email: "ada@example.org", name: null, locale: "en", timeZone: "UTC" };
    return change(ctx, (tx) => queueMail(tx, ctx, testMail, reader, { at: 0, baseUrl: null }));
  },
};

/** The same for what belongs to the installation. */
export const installationMakers: Readonly<Record<string, (app: TestApp) => Promise<string>>> = {
  async key(app) {
    return (await app.operate("POST", "/installation/keys", { name: "made" })).body.data.id;
  },
  async sealingKey(app) {
    const { body } = await app.operate("GET", "/installation/keyring");
    const old = body.data[0].id as string;
    await app.operate("POST", "/installation/keyring/rotate");
    await app.app.worker.idle();
    app.clock.advance(61_000);
    return old;
  },
};

/** Fields of an answer that its schema does not speak of, and those that it promises and are not there. */
export function surprises(api: Api, given: Schema, value: unknown, at = ""): string[] {
  const schema = api.resolve(given);
  if (schema.anyOf) {
    const each = schema.anyOf.map((one) => surprises(api, one, value, at));
    return each.find((found) => found.length === 0) ?? each.toSorted((a, b) => a.length - b.length)[0]!;
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.includes(typeNameOf(value))) return [`${at} is no ${types.join(" or ")}`];
  if (Array.isArray(value))
    return value.flatMap((one, i) => (schema.items ? surprises(api, schema.items, one, `${at}/${i}`) : []));
  if (typeof value !== "object" || value === null || !schema.properties || schema.additionalProperties)
    return [];
  const { properties, required = [] } = schema;
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${at}/${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) =>
      properties[name] ? surprises(api, properties[name], inner, `${at}/${name}`) : [`${at}/${name}`],
    ),
  ];
}

function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
