import { toOpenAPISchema } from "@elysiajs/openapi";
import type { AnyElysia } from "elysia";
import type { RegisteredRoute } from "./routes.ts";
import { Failure } from "./schema.ts";

type Json = Record<string, unknown>;

export interface Described {
  readonly app: AnyElysia;
  readonly routes: readonly RegisteredRoute[];
  readonly version: string;
  readonly serverUrl: string;
}

/** The API's OpenAPI 3.1 document, made from the routes themselves. */
export function describeApi({ app, routes, version, serverUrl }: Described): Json {
  const { paths } = toOpenAPISchema(
    withoutParsers(app),
    { staticFile: false },
    undefined,
    undefined,
    "3.1.0" as never,
  ) as unknown as {
    paths: Json;
  };
  const schemas: Json = {};
  const permissionOf = new Map(
    routes.map((route) => [`${route.method.toLowerCase()} ${braced(route.path)}`, route.permission]),
  );
  const described: Json = {};
  for (const [path, operations] of Object.entries(paths))
    described[path] = Object.fromEntries(
      Object.entries(operations as Json).map(([method, operation]) => [
        method,
        finished(
          method,
          withRetries(method, path, operation as Operation),
          permissionOf.get(`${method} ${path}`) ?? null,
        ),
      ]),
    );
  return {
    openapi: "3.1.0",
    info: {
      title: "Waypost",
      version,
      summary: "Short links on your own domains, counted honestly.",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }, { bearer: [] }, { cookie: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: hoisted(described, schemas),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "Authorization: Bearer, then a key or an access token",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-waypost-session",
          description: "For pages of this installation; writes carry X-CSRF-Token too.",
        },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
      schemas: { ...schemas, Failure: plain(Failure) },
    },
  };
}

const DESCRIPTION = `
**Who asks.** Send a key of your workspace as \`Authorization: Bearer way_sk_…\`, as \`X-API-Key\`, or as \`x-api-token-id\` with
\`x-api-token-secret\`; an extension sends \`x-waypost-token-id\`, \`-secret\` and \`x-waypost-app\`. A key implies its workspace. A person
names one in the path or by \`X-Workspace-Id\`. A key and a person's token on one call: both must be allowed.
What belongs to another workspace is answered like what does not exist: 404. Test keys see test data only, and live keys live data.

**Answers** carry \`success\`, \`status\`, \`message\`, \`data\` and \`meta\`; refusals carry \`error\` with a code that never changes and
every field at fault. \`X-Request-ID\` stands on all of them and in the log.

**Lists** are paged by \`page\` and \`limit\`, or walked by \`cursor\` (\`pagination.nextCursor\`), which neither skips nor repeats.

**Retries.** Send an \`Idempotency-Key\` with a POST: a retry within a day gets the first answer and has no second effect.
Sign-in (\`/auth/…\`) does not look at it: its answers are secrets and are kept nowhere. What is sent there is good once by itself.

**Edits.** Links carry an \`ETag\`. Send it as \`If-Match\`, and an edit of a state you have not seen is refused with 412.

**Limits** (minute, hour and day, by the key's rate tier) are told by \`X-RateLimit-*\` and \`RateLimit\`; a 429 says in \`Retry-After\` when to come back.

Times are ISO 8601 in UTC. Unknown fields are refused and named.
`.trim();

/** In the order the reference shows them. A tag that is not here fails the test of this file. */
export const TAGS: Readonly<Record<string, string>> = {
  Links: "Short links: make, find, change, archive, destroy.",
  "Import and export": "Files of links, in and out.",
  Rules: "Who goes where: conditions, A/B tests, and what would happen.",
  "QR codes": "Codes to print: looks, logos, sheets. Every image can be read.",
  Analytics: "How links are used. One way of counting everywhere.",
  Tags: "Words that links are sorted by.",
  Folders: "Where links stand, and which members see them.",
  Campaigns: "What links are for: their cost, budgets and goals.",
  "UTM templates": "What is put on destinations, filled in link by link.",
  Views: "Lists of links as somebody likes to see them.",
  Search: "Links, domains, tags, campaigns and members at once.",
  Domains: "Hosts that serve short links.",
  Jobs: "Work that outlives its request: what waits, runs, and has failed.",
  Keys: "API keys and what they may do.",
  Workspaces: "The tenant: its settings, its usage, its end.",
  Members: "Who is in a workspace, and what they may do.",
  Invitations: "Asking people in, by mail.",
  "Rate tiers": "How often keys may call.",
  Extensions: "Browser extensions and apps that the workspace has registered.",
  "Personal tokens": "Tokens that act as the person who made them.",
  Mail: "What was mailed, and what became of it.",
  Audit: "What happened, who did it, and that nobody has changed the record.",
  Keyring: "The keys that secrets are kept with.",
  "Sign-in": "Who asks: sessions, tokens, codes, second factors and passkeys.",
  Account: "One's own profile and sessions.",
  Users: "Accounts, for the operator.",
  Setup: "The first run.",
  Reference: "The API about itself.",
};

/** Our own parser is a function, of which the library makes that no type is taken; JSON is. */
function withoutParsers(app: AnyElysia): AnyElysia {
  // The library's own way in; it is protected against us by its types only.
  const inside = app as unknown as {
    getGlobalRoutes(): { hooks: object }[];
    getGlobalDefinitions(): unknown;
  };
  const routes = inside
    .getGlobalRoutes()
    .map((route) => ({ ...route, hooks: { ...route.hooks, parse: undefined } }));
  const shown = { getGlobalRoutes: () => routes, getGlobalDefinitions: () => inside.getGlobalDefinitions() };
  return shown as unknown as AnyElysia;
}

interface Operation extends Json {
  readonly tags?: string[];
  readonly responses?: Json;
  readonly requestBody?: { readonly required?: boolean; readonly content?: Json };
  readonly parameters?: Json[];
}

const failure = (description: string) => ({
  description,
  content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } },
});

function refusals(method: string, { requestBody, parameters }: Operation, permission: string | null): Json {
  const named = parameters?.some(({ in: place }) => place === "path") ?? false;
  return {
    "400": failure("The request is not valid; every field at fault is named."),
    ...(permission !== null && {
      "401": failure("No key, or one that is not valid."),
      "403": failure("The key may not do this."),
    }),
    ...((permission !== null || method === "get") && {
      "404": failure("There is no such thing in this workspace."),
    }),
    ...(permission === null && method === "get" && { "404": failure("There is no such thing.") }),
    ...(method !== "get" && { "409": failure("It clashes with what is there.") }),
    ...(method !== "get" && named && { "412": failure("If-Match names another state of it.") }),
    ...(requestBody && { "413": failure("The body is too large."), "415": failure("The body is not JSON.") }),
    ...(parameters?.includes(IDEMPOTENCY_KEY) && {
      "422": failure("The Idempotency-Key was used with other parameters."),
    }),
    ...(permission === null &&
      method === "post" && {
        "401": failure("What was sent opens nothing."),
        "403": failure("This is not allowed here, or to you."),
        "410": failure("The link is good no longer."),
      }),
    "429": failure("Too many calls; Retry-After says when to try again."),
    "503": failure("Not now; Retry-After says when to try again."),
    ...(method !== "get" && { "507": failure("The disk is nearly full.") }),
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  schema: { type: "string", minLength: 1, maxLength: 255 },
  description: "A retry with the same key gets the first answer, and has no second effect.",
};

/**
 * Answers below `/auth` hold tokens, codes and challenges, and are kept nowhere for a retry to find; what is sent there
 * is good once by itself. Looking at an invitation, at DNS, and simulating a visit do no harm twice.
 */
const isKept = (method: string, path: string): boolean =>
  method === "post" && !path.startsWith("/api/v1/auth/") && !/\/(invites\/look|simulate|verify)$/.test(path);

const withRetries = (method: string, path: string, operation: Operation): Operation =>
  isKept(method, path)
    ? { ...operation, parameters: [...(operation.parameters ?? []), IDEMPOTENCY_KEY] }
    : operation;

/** What the library leaves open: refusals, permissions, and that JSON is the only body there is. */
function finished(method: string, operation: Operation, permission: string | null): Operation {
  const { content } = operation.requestBody ?? {};
  const bodyOnly = content?.["application/json"];
  return {
    ...operation,
    ...(bodyOnly ? { requestBody: { required: true, content: { "application/json": bodyOnly } } } : {}),
    ...(permission === null ? { security: [] } : {}),
    responses: { ...refusals(method, operation, permission), ...described(operation.responses ?? {}) },
  };
}

const described = (responses: Json): Json =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const { content, ...rest } = response as { content?: Json };
      const json = content?.["application/json"];
      const stream = content?.["text/event-stream"];
      const kept = stream ? { "text/event-stream": stream } : json ? { "application/json": json } : content;
      return [
        status,
        {
          ...rest,
          description: status === "201" ? "Done." : "The answer.",
          ...(kept ? { content: kept } : {}),
        },
      ];
    }),
  );

/** Named schemas (`$id`) move into components, so that generated clients have one type for each. */
function hoisted<T>(node: T, schemas: Json): T {
  if (Array.isArray(node)) return node.map((one) => hoisted<unknown>(one, schemas)) as T;
  if (typeof node !== "object" || node === null) return node;
  const { $id, ...rest } = node as Json;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, hoisted(value, schemas)]),
  );
  const named = mended(inner);
  if (typeof $id !== "string") return named as T;
  const ref = { $ref: `#/components/schemas/${$id}` };
  const isNullable = Array.isArray(named["type"]) && named["type"].includes("null");
  schemas[$id] = isNullable ? { ...named, type: "object" } : named;
  // The library writes "this or null" as a type of two words, which would make the named one null everywhere.
  return (isNullable ? { anyOf: [ref, { type: "null" }] } : ref) as T;
}

/** The library calls every list of constants text, and a number in a query text or a number. */
function mended(schema: Json): Json {
  if (Array.isArray(schema["enum"]) && schema["enum"].every(Number.isInteger))
    return { ...schema, type: "integer" };
  // "One of these words, or null": null must be among them.
  if (Array.isArray(schema["enum"]) && Array.isArray(schema["type"]) && !schema["enum"].includes(null))
    return { ...schema, enum: [...schema["enum"], null] };
  const { anyOf, ...rest } = schema;
  const whole = (anyOf as Json[] | undefined)?.find((one) => one["type"] === "integer");
  const text = (anyOf as Json[] | undefined)?.some((one) => one["format"] === "integer");
  return whole && text ? { ...rest, ...whole } : schema;
}

/** TypeBox keeps its own notes beside the schema as symbols; `$id` becomes the component's name. */
function plain(schema: object): Json {
  const { $id: _, ...rest } = JSON.parse(JSON.stringify(schema)) as Json;
  return rest;
}

const braced = (path: string): string => path.replace(/:(\w+)/g, "{$1}");
