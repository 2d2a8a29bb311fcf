import { describe, expect, test } from "bun:test";
import { basename, dirname, join } from "node:path";

/** Floors, from the ground up. A file imports from its own room and from the floors below, never sideways or up. */
const floors = [
  ["lib", "version.ts", "text-files.d.ts"],
  ["config.ts"],
  ["db", "redirect"],
  ["clicks"],
  ["platform"],
  ["features"],
  ["heavy.ts", "heavy-worker.ts"],
  ["app"],
  ["app.ts"],
  ["commands"],
  ["main.ts"],
];

/** Features in order: each may call those before it, and none after. */
const featureOrder = [
  ...[
    "installation",
    "workspaces",
    "identity",
    "members",
    "invites",
    "tiers",
    "extensions",
    "keys",
    "jobs",
    "keyring",
    "audit",
    "domains",
    "tags",
    "folders",
    "utm",
    "campaigns",
    "setup",
    "mail",
    "links",
    "rules",
    "environments",
    "routing",
    "qr",
    "transfer",
  ],
  ...["views", "search", "analytics", "reference"],
];

/** Where packages live. One that is not named here is nobody's. */
const houses: Readonly<Record<string, RegExp>> = {
  elysia: /^(platform\/|features\/\w+\/([a-z]+-)?routes\.ts|app\.ts)/,
  "@sinclair/typebox": /^(platform|features)\//,
  "@sinclair/typebox/compiler": /^platform\/(jobs\/enqueue|validation)\.ts/,
  croner: /^platform\/jobs\/schedule\.ts/,
  "@elysiajs/openapi": /^platform\/openapi\.ts/,
  "drizzle-orm": /^(db|platform|features)\//,
  "drizzle-orm/bun-sql": /^db\//,
  "drizzle-orm/bun-sqlite": /^db\//,
  "drizzle-orm/sqlite-core": /^db\//,
  "drizzle-orm/pg-core": /^db\//,
  bun: /^db\/bun-sql\.ts/,
  "bun:sqlite": /^(db\/|clicks\/columns\/)/,
  bowser: /^clicks\/enrich\//,
  isbot: /^clicks\/enrich\//,
  "ipaddr.js": /^lib\/ip\.ts/,
  "lru-cache":
    /^(clicks\/claims|clicks\/enrich\/agent|features\/keys\/(authenticate|lookup)|features\/workspaces\/memberships|features\/identity\/people)\.ts/,
  uqr: /^features\/qr\/code\.ts/,
  "@simplewebauthn/server": /^features\/identity\/webauthn\.ts/,
  "@simplewebauthn/server/helpers": /^features\/identity\/webauthn\.ts/,
  "reflect-metadata": /^features\/identity\/webauthn\.ts/,
  jose: /^platform\/signing\.ts/,
  otpauth: /^features\/identity\/totp\.ts/,
  "@logtape/logtape": /^lib\/log\.ts/,
  nodemailer: /^platform\/mail\/transport\.ts/,
  "prom-client": /^platform\/(worker\/)?metrics\.ts/,
};

/** What Node brings to reach other machines lives in one room; `undici` and its like are packages without a house. */
const NETWORK = /^(node:)?(http|https|http2|net|tls|dgram|dns)(\/.*)?$/;

/** Words with a house of their own: what the world is asked stands where tests can stand in for it. */
const words: readonly { word: RegExp; name: string; house: RegExp }[] = [
  { name: "the clock", word: /\bDate\.now\b|\bnew Date\(\)/, house: /^(lib\/clock\.ts|admin\/)/ },
  { name: "the environment", word: /\bprocess\.env\b|\bBun\.env\b/, house: /^main\.ts/ },
  {
    name: "the way out",
    word: /(?<![\w.])fetch\(|\b(Bun|globalThis)\.(fetch|connect|udpSocket|dns|redis|s3|RedisClient|S3Client)\b|\bnew (WebSocket|EventSource|XMLHttpRequest)\(/,
    house: /^(lib\/outbound\/|admin\/api\.ts)/,
  },
  // Pauses are spread by it; what nobody may guess comes from `crypto`.
  {
    name: "guessable chance",
    word: /\bMath\.random\b/,
    house: /^(platform\/worker\/verdict|db\/run-again)\.ts/,
  },
  { name: "the console", word: /\bconsole\./, house: /^lib\/log\.ts/ },
];

/** Writing without `change`: what no person did and no audit log needs. */
const transactionHouses = new Set([
  // What has expired by itself is nobody's change.
  "features/transfer/sweep.ts",
  "platform/events.ts",
  "platform/once.ts",
  "platform/mail/upkeep.ts",
  "platform/jobs/clean.ts",
  "platform/jobs/count.ts",
  "platform/resealing.ts",
  "platform/sealing-keys.ts",
  "features/audit/seal.ts",
  "features/domains/verify.ts",
  "features/identity/people.ts",
  "features/identity/proofs.ts",
  "features/identity/throttle.ts",
  "platform/limits/keeper.ts",
  "features/identity/upkeep.ts",
  "features/keys/authenticate.ts",
  "features/workspaces/purge.ts",
  "features/links/purge.ts",
  "features/rules/purge.ts",
  "features/tags/settle.ts",
  "features/mail/purge.ts",
  "features/installation/installation.ts",
  "features/analytics/mirror.ts",
]);

const SECRET =
  /(secret|token|signature|mac|digest|password|passcode|otp|csrf|seed|hash|proof|(setup|recovery|backup|sign)code)$/i;
const PLAIN = /^(null|undefined|void|true|false|typeof|["'\d-].*)$/;
const MADE = /\b(hashOf|macOf)\([^()]*\)\s*[!=]==?/;

/**
 * Secrets are compared by `sameText`, whose time tells nothing: `===` stops at the first difference. Whether there is
 * one at all, or how long it is, may be asked as usual.
 */
function isHasty(code: string): boolean {
  const pairs = code.matchAll(/([^\s;,{}&|?:=!(]+)\s*[!=]==?\s*([^\s;,)}&|?:=]+)/g);
  const compared = [...pairs].filter(([, left = "", right = ""]) => !PLAIN.test(left) && !PLAIN.test(right));
  return (
    MADE.test(code) || compared.some(([, left = "", right = ""]) => SECRET.test(left) || SECRET.test(right))
  );
}

type Sources = ReadonlyMap<string, string>;

/** Everything that breaks the order of the house: one line each. */
function problemsIn(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) => [
    ...lengthProblems(file, text),
    ...wordProblems(file, text),
    ...(file.startsWith("admin/") ? adminProblems(file, text) : houseProblems(file, text)),
  ]);
}

const lengthProblems = (file: string, text: string): string[] =>
  text.split("\n").length > 300 ? [`${file} is longer than 300 lines`] : [];

function wordProblems(file: string, text: string): string[] {
  const code = runtimeCode(text);
  const found = words.filter(({ word, house }) => word.test(code) && !house.test(file));
  const writes =
    /\bdb\.(transaction|each)\(/.test(code) &&
    !/^(db|clicks|platform\/worker)\//.test(file) &&
    !transactionHouses.has(file);
  return [
    ...found.map(({ name }) => `${file} takes ${name} out of its house`),
    ...(writes ? [`${file} writes without change()`] : []),
    ...(isHasty(code) && !file.startsWith("admin/")
      ? [`${file} compares a secret in a time that tells of it`]
      : []),
  ];
}

/** Without comments and types, which may speak of anything. */
const runtimeCode = (text: string): string => new Bun.Transpiler({ loader: "ts" }).transformSync(text);

function houseProblems(file: string, text: string): string[] {
  if (floorOf(file) < 0) return [`${file} stands on no floor`];
  return importsOf(file, text).flatMap(({ target, local }) => {
    if (!local) return packageProblem(file, target);
    if (!target.endsWith(".ts")) return [];
    if (roomOf(file) === "redirect" && !["redirect", "lib"].includes(roomOf(target)))
      return [`${file} is part of the redirect and imports ${target}`];
    if (roomOf(file) === "features" && roomOf(target) === "features") return featureProblem(file, target);
    if (roomOf(file) === roomOf(target) || floorOf(target) < floorOf(file)) return [];
    return [`${file} imports ${target}, which is not below it`];
  });
}

function packageProblem(file: string, name: string): string[] {
  if (NETWORK.test(name) && !file.startsWith("lib/outbound/"))
    return [`${file} takes another way out: ${name}`];
  if (name.startsWith("node:")) return [];
  return houses[name]?.test(file) ? [] : [`${file} imports ${name}, which does not live there`];
}

function featureProblem(file: string, target: string): string[] {
  const [from, to] = [file, target].map((path) => path.split("/")[1]!) as [string, string];
  if (from === to) return [];
  const [here, there] = [featureOrder.indexOf(from), featureOrder.indexOf(to)];
  if (here < 0 || there < 0) return [`${here < 0 ? from : to} has no place in the order of features`];
  if (there > here) return [`${file} imports ${target}, a later feature`];
  return /^(store|([a-z]+-)?routes)\.ts$/.test(basename(target))
    ? [`${file} imports ${target}: features call each other's verbs`]
    : [];
}

/** The page shares types with the server, and nothing that runs. */
const adminProblems = (file: string, text: string): string[] =>
  importsOf(file, text)
    .filter(({ target, local, types }) => !(local && target.startsWith("admin/")) && !types)
    .map(({ target }) => `${file} imports ${target}, and not as types`);

interface Import {
  /** A path below src/, or the name of a package. */
  readonly target: string;
  readonly local: boolean;
  readonly types: boolean;
}

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?[^"';]*?from\s+["']([^"']+)["']|(?<!["'.:/])\bimport\s*\(?\s*["']([^"']+)["']/g,
  );
  return [...statements].map(([, types, from, bare]) => {
    const target = from ?? bare!;
    const local = target.startsWith(".");
    return { target: local ? join(dirname(file), target) : target, local, types: types !== undefined };
  });
}

const roomOf = (file: string): string => file.split("/")[0]!;
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)));

const root = join(import.meta.dir, "..");
const src = join(root, "src");
const sources: Sources = new Map(
  await Promise.all(
    [...new Bun.Glob("**/*.ts").scanSync(src)]
      .sort()
      .map(async (file) => [file, await Bun.file(join(src, file)).text()] as const),
  ),
);

test("every file stands where it may, and imports only what it may", () => {
  expect(sources.size).toBeGreaterThan(100);
  expect(problemsIn(sources)).toEqual([]);
});

test("every feature has its place in the order", () => {
  const folders = new Set(
    [...sources.keys()].filter((file) => file.startsWith("features/")).map((f) => f.split("/")[1]!),
  );
  expect([...folders].filter((name) => !featureOrder.includes(name))).toEqual([]);
});

test("every migration is embedded, and both dialects have the same", async () => {
  const embedded = sources.get("db/migrations.ts")! + sources.get("clicks/columns/migrate.ts")!;
  const names = (folder: string) =>
    [...new Bun.Glob("*.sql").scanSync(join(root, "migrations", folder))].sort();
  expect(names("postgres")).toEqual(names("sqlite"));
  for (const folder of ["sqlite", "postgres", "clicks"])
    for (const name of names(folder)) expect(embedded).toContain(`migrations/${folder}/${name}"`);
});

test("every package that is shipped stands in NOTICE with its licence", async () => {
  const { dependencies } = (await Bun.file(join(root, "package.json")).json()) as { dependencies: object };
  const notice = await Bun.file(join(root, "NOTICE")).text();
  for (const name of [...Object.keys(dependencies), "@scalar/api-reference"])
    expect(notice).toContain(`* ${name}: `);
});

test("the lock file names no registry: it installs from whichever is configured", async () => {
  expect(await Bun.file(join(root, "bun.lock")).text()).not.toMatch(/https?:\/\//);
});

describe("a broken order is found", () => {
  const broken: readonly [what: string, file: string, text: string, problem: string][] = [
    ["an import from above", "lib/ids.ts", `import { change } from "../platform/events.ts";`, "not below it"],
    ["an import sideways", "db/open.ts", `import { decide } from "../redirect/decide.ts";`, "not below it"],
    [
      "a type from above",
      "lib/ids.ts",
      `import type { Change } from "../platform/events.ts";`,
      "not below it",
    ],
    [
      "a late import from above",
      "lib/ids.ts",
      `const x = () => import("../platform/events.ts");`,
      "not below it",
    ],
    ["the app knowing commands", "app.ts", `import { run } from "./commands/run.ts";`, "not below it"],
    [
      "the redirect using the database",
      "redirect/handler.ts",
      `import type { Tx } from "../db/database.ts";`,
      "part of the redirect",
    ],
    [
      "the redirect using a package",
      "redirect/handler.ts",
      `import { Elysia } from "elysia";`,
      "does not live there",
    ],
    ["a package nobody named", "lib/ids.ts", `import left from "left-pad";`, "does not live there"],
    [
      "SQL dialects in a feature",
      "features/links/store.ts",
      `import { Database } from "bun:sqlite";`,
      "does not live there",
    ],
    [
      "a later feature",
      "features/keys/create.ts",
      `import { createLink } from "../links/create.ts";`,
      "a later feature",
    ],
    [
      "another's store",
      "features/links/create.ts",
      `import { x } from "../domains/store.ts";`,
      "each other's verbs",
    ],
    [
      "a feature without a place",
      "features/novel/x.ts",
      `import { x } from "../links/create.ts";`,
      "no place in the order",
    ],
    ["a room nobody knows", "helpers/x.ts", "export {};", "on no floor"],
    [
      "the page running server code",
      "admin/api.ts",
      `import { t } from "../features/links/model.ts";`,
      "not as types",
    ],
    ["another clock", "lib/ids.ts", "export const at = Date.now();", "the clock"],
    ["another environment", "lib/ids.ts", "export const home = process.env.HOME;", "the environment"],
    ["another way out", "features/links/create.ts", `await fetch("https://example.com");`, "the way out"],
    ["another way out by Bun", "clicks/x.ts", `await Bun.connect({ hostname: "x" });`, "the way out"],
    ["another way out by Node", "lib/ids.ts", `import { request } from "node:https";`, "another way out"],
    ["names asked elsewhere", "lib/ids.ts", `import { lookup } from "dns/promises";`, "another way out"],
    ["chance that can be guessed", "lib/ids.ts", "export const x = Math.random();", "guessable chance"],
    ["another console", "db/open.ts", `console.log("here");`, "the console"],
    [
      "writing without an event",
      "features/links/create.ts",
      "await ctx.db.transaction(work);",
      "without change()",
    ],
    ["a secret compared in haste", "lib/ids.ts", "export const x = (token, y) => token === y;", "a secret"],
    [
      "a secret on the other side",
      "lib/ids.ts",
      "export const x = (a, b) => a !== b.passwordHash;",
      "a secret",
    ],
    ["a mac made and compared", "lib/ids.ts", "export const x = (a, b) => macOf(a, b) == a;", "a secret"],
    [
      "a hash against a text put together",
      "lib/ids.ts",
      ["export const x = (hash, b) => hash === `", "{b}`;"].join("$"),
      "a secret",
    ],
    ["a file that grew too long", "lib/ids.ts", "\n".repeat(301), "longer than 300"],
  ];
  for (const [what, file, text, problem] of broken)
    test(what, () => expect(problemsIn(new Map([[file, text]])).join()).toContain(problem));
});

test("whether there is a secret, and how long it is, may be asked as usual", () => {
  const text =
    "export const x = (token, hash) => token === null || hash !== undefined || token.length === 3 || hash === '' || typeof token === 'string';\n";
  expect(problemsIn(new Map([["platform/api.ts", text]]))).toEqual([]);
});

test("comments and types may speak of anything", () => {
  const text =
    "/** Not Date.now, nor console.log. */\nexport interface Api {\n  fetch(request: Request): void;\n}\n";
  expect(problemsIn(new Map([["platform/api.ts", text]]))).toEqual([]);
});
