import { afterAll, beforeAll, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { ok } from "../../src/platform/reply.ts";
import { envelope, strict } from "../../src/platform/schema.ts";
import { type TestApp, testApp } from "../support/app.ts";

const SHOP = "https://shop.example.com";
const BELOW = "https://a.shops.example.net";
const ELSEWHERE = "https://evil.example";

let app: TestApp;
let key: string;
beforeAll(async () => {
  app = await testApp({
    env: { WAYPOST_RATE_LIMIT_ANONYMOUS: "0" },
    // One for pages, and one with the same permission that is not.
    routes: (guard) => [
      new Elysia({ prefix: "/test", tags: ["Links"] })
        .use(guard)
        .post("/pages/:what", ({ ctx }) => ok(ctx, "Tracked", { by: ctx.actor.id }), {
          may: "track:create",
          pages: true,
          body: strict({ value: t.Optional(t.Integer()) }),
          response: { 200: envelope(t.Object({ by: t.String() })) },
        })
        .post("/servers", ({ ctx }) => ok(ctx, "Tracked", { by: ctx.actor.id }), {
          may: "track:create",
          response: { 200: envelope(t.Object({ by: t.String() })) },
        }),
    ],
  });
  const body = { name: "k", kind: "publishable", origins: [SHOP, "https://*.shops.example.net"] };
  key = (await app.call("POST", "/keys", { body })).body.data.secret;
});
afterAll(() => app.close());

const ask = (origin: string, method = "POST", path = "/test/pages/x") =>
  app.call("OPTIONS", path, {
    key: null,
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "authorization, content-type",
    },
  });
const track = (origin: string | null, options: { path?: string; key?: string | null; body?: unknown } = {}) =>
  app.call("POST", options.path ?? "/test/pages/x", {
    key: options.key === undefined ? key : options.key,
    headers: origin === null ? {} : { origin },
    body: options.body ?? {},
  });
const allowed = ({ headers }: { headers: Headers }) => headers.get("access-control-allow-origin");

test.each([SHOP, BELOW])(
  "a browser is told that a page of %s may call, by this very origin and never with cookies",
  async (origin) => {
    const { status, headers, text } = await ask(origin);
    expect([status, text, allowed({ headers })]).toEqual([204, "", origin]);
    expect(headers.get("access-control-allow-methods")).toBe("POST");
    expect(headers.get("access-control-allow-headers")).toContain("authorization");
    expect(headers.get("access-control-max-age")).toBe("7200");
    expect(headers.get("vary")).toContain("origin");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  },
);

test.each([
  ELSEWHERE,
  "null",
  "http://shop.example.com",
  "https://shop.example.com:8443",
  "https://shop.example.com.evil.example",
  "https://shops.example.net",
  "https://evilshops.example.net",
  "HTTPS://SHOP.EXAMPLE.COM",
  `${SHOP}, ${ELSEWHERE}`,
  "*",
])("no page of %p is let in: neither by its question nor by its call", async (origin) => {
  expect(allowed(await ask(origin))).toBeNull();
  const called = await track(origin);
  expect([called.status, allowed(called)]).toEqual([403, null]);
  expect(called.headers.get("vary")).toBe("origin");
});

test("the page reads what it is answered, what it did wrong, and what is left to it", async () => {
  const done = await track(SHOP);
  expect([done.status, allowed(done)]).toEqual([200, SHOP]);
  expect(done.headers.get("vary")).toBe("origin");
  expect(done.headers.get("access-control-expose-headers")).toContain("x-request-id");
  expect(done.headers.get("access-control-allow-credentials")).toBeNull();
  const wrong = await track(SHOP, { body: { value: "x" } });
  expect([wrong.status, allowed(wrong)]).toEqual([400, SHOP]);
});

test("whatever is not for pages is closed to them, with a publishable key of the same permission too", async () => {
  expect(allowed(await ask(SHOP, "POST", "/test/servers"))).toBeNull();
  const called = await track(SHOP, { path: "/test/servers" });
  expect([called.status, allowed(called)]).toEqual([403, null]);
  expect(called.body.message).toContain("not for pages");
  for (const path of ["/links", "/keys", "/auth/signin", "/nothing"])
    expect(allowed(await ask(SHOP, "POST", path))).toBeNull();
  expect(allowed(await ask(SHOP, "DELETE"))).toBeNull();
});

test("a secret key is no page's: it works there as anywhere, and no browser hands the answer to a page", async () => {
  const called = await track(SHOP, { key: app.owner });
  expect([called.status, allowed(called)]).toEqual([200, null]);
  const nobody = await track(SHOP, { key: null });
  expect([nobody.status, allowed(nobody)]).toEqual([401, null]);
});

test("an origin that a key was given is known at once, and one that was taken from it no more", async () => {
  const fresh = "https://fresh.example.org";
  expect(allowed(await ask(fresh))).toBeNull();
  const body = { name: "f", kind: "publishable", origins: [fresh] };
  const made = (await app.call("POST", "/keys", { body })).body.data;
  expect(allowed(await ask(fresh))).toBe(fresh);
  // Only this key's own pages may show it.
  expect((await track(SHOP, { key: made.secret })).status).toBe(403);
  await app.call("PATCH", `/keys/${made.id}`, { body: { origins: ["https://other.example.org"] } });
  expect(allowed(await ask(fresh))).toBeNull();
  expect(allowed(await ask("https://other.example.org"))).toBe("https://other.example.org");
  await app.call("DELETE", `/keys/${made.id}`);
  expect(allowed(await ask("https://other.example.org"))).toBeNull();
});

test("an OPTIONS that is no question of a browser tells the methods, as everywhere", async () => {
  const { status, headers } = await app.call("OPTIONS", "/test/pages/x", { key: null });
  expect([status, headers.get("allow"), allowed({ headers })]).toEqual([204, "OPTIONS, POST", null]);
});

test("a page reads that it has called too often, and when to come back", async () => {
  await app.operate("POST", "/installation/tiers", { name: "one", perMinute: 1 });
  const body = { name: "once", kind: "publishable", origins: [SHOP], tier: "one" };
  const made = await app.call("POST", "/keys", { body });
  expect(made.status).toBe(201);
  expect((await track(SHOP, { key: made.body.data.secret })).status).toBe(200);
  const refused = await track(SHOP, { key: made.body.data.secret });
  expect([refused.status, allowed(refused)]).toEqual([429, SHOP]);
  expect(refused.headers.get("access-control-expose-headers")).toContain("retry-after");
});
