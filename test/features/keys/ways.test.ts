import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { credentialOf } from "../../../src/features/keys/credentials.ts";
import type { Id } from "../../../src/lib/ids.ts";
import { newApiKey } from "../../../src/lib/secrets.ts";
import { bringsCredentials } from "../../../src/platform/callers.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
let extension: string;
beforeAll(async () => {
  app = await testApp();
  extension = (await app.call("POST", "/extensions", { body: { name: "Chrome", appId: "abcdef" } })).body.data
    .id;
});
afterAll(() => app.close());

interface Made {
  readonly id: string;
  readonly secret: string;
}
const make = async (body: Record<string, unknown>): Promise<Made> =>
  (await app.call("POST", "/keys", { body: { name: "k", ...body } })).body.data;
const ask = (headers: Record<string, string>, address?: string) =>
  app.call("GET", "/links/count", { key: null, headers, ...(address ? { address } : {}) });
const status = async (headers: Record<string, string>) => (await ask(headers)).status;

test("a secret key is taken as bearer, as X-API-Key, and as id and secret", async () => {
  const { id, secret } = await make({});
  expect(secret).toStartWith("way_sk_live_");
  expect(await status({ authorization: `Bearer ${secret}` })).toBe(200);
  expect(await status({ authorization: `bearer  ${secret} ` })).toBe(200);
  expect(await status({ "x-api-key": secret })).toBe(200);
  expect(await status({ "x-api-token-id": id, "x-api-token-secret": secret })).toBe(200);
});

test("an id goes with its own secret only, and neither goes alone", async () => {
  const [one, other] = [await make({}), await make({})];
  expect(await status({ "x-api-token-id": other.id, "x-api-token-secret": one.secret })).toBe(401);
  expect(await status({ "x-api-token-id": one.id })).toBe(401);
  expect(await status({ "x-api-token-secret": one.secret })).toBe(401);
  expect((await ask({ "x-api-token-id": one.id })).body.message).toContain("x-api-token-secret");
});

test("a mobile kit's x-inhouse-app beside a pair makes no extension of it", async () => {
  const { id, secret } = await make({});
  expect(
    await status({ "x-api-token-id": id, "x-api-token-secret": secret, "x-inhouse-app": "mobile" }),
  ).toBe(200);
});

test("an extension's credential works under both families of names, and only with its own app id", async () => {
  const { id, secret } = await make({ kind: "extension", extension, role: "viewer" });
  expect(secret).toStartWith("way_ek_live_");
  for (const family of ["x-waypost", "x-inhouse"]) {
    const headers = (app: string) => ({
      [`${family}-token-id`]: id,
      [`${family}-token-secret`]: secret,
      ...(app ? { [`${family}-app`]: app } : {}),
    });
    expect(await status(headers("abcdef"))).toBe(200);
    expect(await status(headers("abcdeg"))).toBe(403);
    expect(await status(headers(""))).toBe(401);
  }
  expect(await status({ authorization: `Bearer ${secret}` })).toBe(401);
  expect(await status({ "x-api-key": secret })).toBe(401);
  expect(await status({ "x-api-token-id": id, "x-api-token-secret": secret })).toBe(401);
});

test("a secret key is no extension's, whatever app it names", async () => {
  const { id, secret } = await make({});
  expect(
    await status({ "x-waypost-token-id": id, "x-waypost-token-secret": secret, "x-waypost-app": "abcdef" }),
  ).toBe(401);
});

test("switching an extension off, or giving it another app id, is felt by the next call", async () => {
  const made = await app.call("POST", "/extensions", { body: { name: "Edge", appId: "edge" } });
  const { id, secret } = await make({ kind: "extension", extension: made.body.data.id });
  const headers = { "x-waypost-token-id": id, "x-waypost-token-secret": secret, "x-waypost-app": "edge" };
  const path = `/extensions/${made.body.data.id}`;
  expect(await status(headers)).toBe(200);
  await app.call("PATCH", path, { body: { enabled: false } });
  expect(await status(headers)).toBe(403);
  await app.call("PATCH", path, { body: { enabled: true, appId: "edge2" } });
  expect(await status(headers)).toBe(403);
  expect(await status({ ...headers, "x-waypost-app": "edge2" })).toBe(200);
  expect((await app.call("DELETE", path)).status).toBe(409);
  await app.call("DELETE", `/keys/${id}`);
  expect((await app.call("DELETE", path)).status).toBe(200);
  expect((await app.call("GET", path)).status).toBe(404);
});

test("an extension's credential needs an extension of the workspace, and manages neither keys nor members", async () => {
  const create = (body: unknown, key?: string) =>
    app.call("POST", "/keys", { body, ...(key ? { key } : {}) });
  const problem = async (body: Record<string, unknown>, key?: string) =>
    (await create({ name: "k", ...body }, key)).body.error.details[0]?.path;
  expect(await problem({ kind: "extension" })).toBe("/extension");
  expect(await problem({ kind: "extension", extension }, await app.stranger())).toBe("/extension");
  expect(await problem({ kind: "secret", extension })).toBe("/extension");
  expect(await problem({ kind: "extension", extension, permissions: ["keys:create"] })).toBe("/permissions");
  const { body } = await create({ name: "k", kind: "extension", extension, role: "owner" });
  expect(body.data.permissions.filter((one: string) => one.startsWith("keys:"))).toEqual([]);
});

test("a workspace that is destroyed takes its extensions and their credentials of both sides along", async () => {
  const key = await app.stranger();
  const own = (await app.call("GET", "/workspace", { key })).body.data.id as Id<"ws">;
  const registered = await app.call("POST", "/extensions", { key, body: { name: "E", appId: "gone" } });
  for (const environment of ["live", "test"]) {
    const body = { name: "k", kind: "extension", environment, extension: registered.body.data.id };
    expect((await app.call("POST", "/keys", { key, body })).status).toBe(201);
  }
  const { workspaces, keys, extensions } = app.db.tables;
  await app.db.transaction((tx) => tx.delete(workspaces).where(eq(workspaces.id, own)));
  expect(await app.db.read.select().from(extensions).where(eq(extensions.workspaceId, own))).toEqual([]);
  const left = await app.db.read.select().from(keys);
  expect(left.filter(({ extensionId }) => extensionId === registered.body.data.id)).toEqual([]);
});

test("a publishable key tracks and does nothing else, from the pages it was given to", async () => {
  const made = await make({
    kind: "publishable",
    origins: ["https://shop.example.com", "https://*.example.net", "http://localhost:3000"],
  });
  expect(made.secret).toStartWith("way_pk_live_");
  const from = async (origin: string | null, name = "origin") =>
    (await ask({ "x-api-key": made.secret, ...(origin === null ? {} : { [name]: origin }) })).body.message;
  const allowed = "This needs the permission links:read.";
  const refused = "This publishable key may not be used by pages of this origin.";
  for (const origin of ["https://shop.example.com", "https://a.example.net", "http://localhost:3000"])
    expect([origin, await from(origin)]).toEqual([origin, allowed]);
  for (const origin of [
    ...[null, "null", "http://shop.example.com", "https://shop.example.com.evil.test"],
    ...[
      "https://shop.example.com:444",
      "https://example.net",
      "https://evilexample.net",
      "https://xshop.example.com",
    ],
  ])
    expect([origin, await from(origin)]).toEqual([origin, refused]);
  expect(await from("https://shop.example.com/cart?x=1", "referer")).toBe(allowed);
  expect(await from("https://evil.test/?https://shop.example.com", "referer")).toBe(refused);
  expect((await app.call("GET", `/keys/${made.id}`)).body.data.permissions).toEqual(["track:create"]);
});

test("origins are origins, and every other is named", async () => {
  const path = async (origins: unknown, kind = "publishable") =>
    (await app.call("POST", "/keys", { body: { name: "k", kind, origins } })).body.error.details[0].path;
  for (const wrong of [
    "*",
    "https://*",
    "shop.example.com",
    "https://a.example.com/path",
    "https://*.*.example.com",
    "https://u:p@a.example.com",
    "javascript:alert(1)",
    "null",
    "https://*.com/x",
    "https://a.example.com?x",
  ])
    expect([wrong, await path(["https://ok.example.com", wrong])]).toEqual([wrong, "/origins/1"]);
  expect(await path(undefined)).toBe("/origins");
  expect(await path(["https://a.example.com"], "secret")).toBe("/origins");
});

test("the first way in the order is taken, and a wrong one is never made good by a later one", async () => {
  const { id, secret } = await make({});
  const wrong = newApiKey("live");
  expect(await status({ authorization: `Bearer ${wrong}`, "x-api-key": secret })).toBe(401);
  expect(await status({ authorization: `Bearer ${secret}`, "x-api-key": wrong })).toBe(200);
  expect(await status({ "x-api-key": wrong, "x-api-token-id": id, "x-api-token-secret": secret })).toBe(401);
  expect(await status({ "x-api-key": "" })).toBe(401);
  expect(await status({ "x-api-key": "x".repeat(5000) })).toBe(401);
});

test("keys with allowed addresses work from those alone, and say so to nobody without the secret", async () => {
  const { secret } = await make({ allowedIps: ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"] });
  const from = async (address: string, key = secret) => {
    const answer = await ask({ "x-api-key": key }, address);
    return [answer.status, answer.body.error?.code ?? null];
  };
  for (const address of ["203.0.113.9", "2001:db8:5::1", "198.51.100.7", "::ffff:203.0.113.9"])
    expect([address, await from(address)]).toEqual([address, [200, null]]);
  for (const address of ["203.0.114.1", "2001:db9::1", "198.51.100.8", ""])
    expect([address, await from(address)]).toEqual([address, [403, "FORBIDDEN"]]);
  expect(await from("203.0.114.1", newApiKey("live"))).toEqual([401, "INVALID_API_KEY"]);
  const wrong = async (allowedIps: unknown) =>
    (await app.call("POST", "/keys", { body: { name: "k", allowedIps } })).body.error.details[0].path;
  expect(await wrong(["203.0.113.0/24", "203.0.113.0/33"])).toBe("/allowedIps/1");
  expect(await wrong(["example.com"])).toBe("/allowedIps/0");
  expect(await wrong([])).toBe("/allowedIps");
});

test("no way to show a key goes unseen where operators are told more than others", () => {
  const secret = newApiKey("live");
  const families = ["x-waypost", "x-inhouse"].map((name) => ({
    [`${name}-token-id`]: "key_x",
    [`${name}-token-secret`]: secret,
    [`${name}-app`]: "abcdef",
  }));
  for (const shown of [
    ...families,
    { "x-api-key": secret },
    { "x-api-token-id": "key_x", "x-api-token-secret": secret },
  ]) {
    const headers = new Headers(shown as Record<string, string>);
    const request = new Request("http://links.test/metrics", { headers });
    expect([shown, credentialOf(headers, null)?.secret]).toEqual([shown, secret]);
    expect([shown, bringsCredentials(request)]).toEqual([shown, true]);
  }
  expect(bringsCredentials(new Request("http://links.test/metrics"))).toBe(false);
});
