import { afterAll, beforeAll, expect, test } from "bun:test";
import { moveBaseUrl } from "../../../src/features/setup/base-url.ts";
import { reservedPaths } from "../../../src/lib/slug.ts";
import { systemActor } from "../../../src/platform/context.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const link = async (slug: string, fields: Record<string, unknown> = {}) =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/x", slug, ...fields } }))
    .body.data;
const leads = async (url: string, init?: RequestInit) => {
  const { status, headers } = await app.visit(url, init);
  return [status, headers.get("location")];
};

test("a new link works at once, though its slug was asked for and missing a moment ago", async () => {
  expect((await app.visit("http://links.test/fresh")).status).toBe(404);
  await link("fresh");
  expect(await leads("http://links.test/fresh")).toEqual([302, "https://example.com/x"]);
});

test("one link answers every spelling of its path, and no other", async () => {
  await link("Straße/ä b".replace(" ", "-"));
  for (const path of [
    "/Stra%C3%9Fe/%C3%A4-b",
    "/stra%c3%9fe/%c3%a4-b",
    "/STRA%C3%9FE/a%CC%88-b",
    "/Stra%C3%9Fe/%C3%A4-b/",
    "/Stra%C3%9Fe%2F%C3%A4-b",
  ])
    expect([path, ...(await leads(`http://links.test${path}`))]).toEqual([
      path,
      302,
      "https://example.com/x",
    ]);
  for (const path of [
    "/Stra%C3%9Fe",
    "/Stra%C3%9Fe/%C3%A4-b//",
    "/Stra%C3%9Fe/%E4-b",
    "/Stra%C3%9Fe/%C3%A4-b%00",
    "/%C0%AF",
    "/%ED%A0%80",
    "/%25",
  ])
    expect([path, (await app.visit(`http://links.test${path}`)).status]).toEqual([path, 404]);
});

test("each status, the query and the cache headers go out as the link says", async () => {
  for (const redirectStatus of [301, 302, 307, 308]) {
    await link(`status-${redirectStatus}`, { redirectStatus });
    const { status, headers } = await app.visit(`http://links.test/status-${redirectStatus}?a=1&b=%20`);
    expect([status, headers.get("location"), headers.get("cache-control")]).toEqual([
      redirectStatus,
      "https://example.com/x?a=1&b=%20",
      "private, no-store",
    ]);
  }
  await link("closed", { forwardQuery: false });
  expect(await leads("http://links.test/closed?a=1")).toEqual([302, "https://example.com/x"]);
});

test("HEAD and every other method are sent on like GET; TRACE is not", async () => {
  await link("methods");
  for (const method of ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    expect([method, ...(await leads("http://links.test/methods", { method }))]).toEqual([
      method,
      302,
      "https://example.com/x",
    ]);
});

test("the names of this machine lead to the installation's own links", async () => {
  await link("local");
  for (const host of ["localhost", "127.0.0.1", "LOCALHOST:81", "[::1]"])
    expect([host, (await app.visit("http://links.test/local", { headers: { host } })).status]).toEqual([
      host,
      302,
    ]);
  expect((await app.visit("http://links.test/local", { headers: { host: "unknown.example" } })).status).toBe(
    404,
  );
});

test("expiry is exact to the millisecond, and leads where the link says", async () => {
  const at = app.clock.now() + 5000;
  await link("expiring", { expiresAt: new Date(at).toISOString(), expiredUrl: "https://example.com/over" });
  app.clock.set(at - 1);
  expect(await leads("http://links.test/expiring")).toEqual([302, "https://example.com/x"]);
  app.clock.set(at);
  expect(await leads("http://links.test/expiring")).toEqual([302, "https://example.com/over"]);
});

test("whatever the product answers itself can be no slug", async () => {
  for (const path of Object.keys(reservedPaths)) {
    const { status, body } = await app.call("POST", "/links", {
      body: { destinationUrl: "https://example.com/", slug: path.toUpperCase() },
    });
    expect([path, status, body.error?.details[0]?.path]).toEqual([path, 400, "/slug"]);
  }
});

test("missing, deleted and foreign slugs look the same", async () => {
  const deleted = await link("deleted-one");
  await app.call("DELETE", `/links/${deleted.id}`);
  const page = async (url: string) => {
    const response = await app.visit(url);
    return [response.status, await response.text()];
  };
  expect(await page("http://links.test/deleted-one")).toEqual(await page("http://links.test/never-was"));
});

const moveTo = (baseUrl: string) =>
  moveBaseUrl(
    {
      ...app.app.ports,
      actor: systemActor(null, []),
      origin: { requestId: null, network: null, userAgent: null },
      at: app.clock.now(),
      idempotencyKey: null,
      target: "",
    },
    baseUrl,
  );

test("an installation that moves takes its links along", async () => {
  await link("moved");
  expect((await app.visit("http://new.test/moved")).status).toBe(404);
  await moveTo("https://new.test");
  expect((await app.visit("http://new.test/moved")).status).toBe(302);
  expect((await app.visit("http://links.test/moved")).status).toBe(404);
  await moveTo("http://links.test");
});

test("a host that was given up can be linked to at once, and the new one no more", async () => {
  await link("to-new", { destinationUrl: "https://moved-to.test/x" });
  await moveTo("https://moved-to.test");
  await link("to-old", { destinationUrl: "https://links.test/x" });
  expect((await app.visit("http://moved-to.test/to-new")).status).toBe(508);
  expect((await app.visit("http://moved-to.test/to-old")).status).toBe(302);
  // Another port of the same host gives nothing up.
  await moveTo("https://moved-to.test:8443");
  expect((await app.visit("http://moved-to.test/to-new")).status).toBe(508);
  await moveTo("http://links.test");
  expect((await app.visit("http://links.test/to-old")).status).toBe(508);
});

test("an installation that moves onto a workspace's domain is told what to do, and stays where it was", async () => {
  await app.call("POST", "/domains", { body: { host: "theirs.example" } });
  await expect(moveTo("https://theirs.example")).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringMatching(/theirs\.example.*remove that domain.*WAYPOST_BASE_URL/),
  });
  const [{ baseUrl } = {}] = await app.db.read.select().from(app.db.tables.installation);
  expect(baseUrl).toBe("http://links.test");
  await app.call("DELETE", "/domains/theirs.example");
});
