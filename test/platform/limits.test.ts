import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_RATE_LIMIT: "40", WAYPOST_RATE_LIMIT_ANONYMOUS: "5" } });
});
afterAll(() => app.close());

test("exactly the limit passes, from fifty callers at once, and the rest is told when to come back", async () => {
  const key = await app.keyOf("viewer");
  const answers = await Promise.all(
    Array.from({ length: 90 }, () => app.call("GET", "/links/count", { key })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(50);
  for (const { headers, body } of refused) {
    expect(body.error.code).toBe("RATE_LIMITED");
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(headers.get("x-ratelimit-remaining")).toBe("0");
  }
});

test("both families of headers stand on every answer and agree", async () => {
  const { headers } = await app.call("GET", "/links/count", { key: await app.keyOf("editor") });
  expect(headers.get("x-ratelimit-limit")).toBe("40");
  expect(headers.get("ratelimit-policy")).toBe('"key";q=40;w=60');
  const [, remaining, reset] = /^"key";r=(\d+);t=(\d+)$/.exec(headers.get("ratelimit")!)!;
  expect(headers.get("x-ratelimit-remaining")).toBe(remaining!);
  expect(Number(headers.get("x-ratelimit-reset")) - Math.floor(app.clock.now() / 1000)).toBe(Number(reset));
});

test("one key's limit is not another's, and strangers are counted by address", async () => {
  const busy = await app.keyOf("viewer");
  await Promise.all(Array.from({ length: 41 }, () => app.call("GET", "/links/count", { key: busy })));
  expect((await app.call("GET", "/links/count", { key: busy })).status).toBe(429);
  expect((await app.call("GET", "/links/count")).status).toBe(200);
  for (let i = 0; i < 5; i++)
    await app.call("GET", "/links", { key: "way_sk_live_wrong", address: "198.51.100.7" });
  expect((await app.call("GET", "/setup", { key: null, address: "198.51.100.7" })).status).toBe(429);
  expect((await app.call("GET", "/setup", { key: null, address: "198.51.100.8" })).status).toBe(200);
});

test("a forged X-Forwarded-For changes no limit", async () => {
  const ask = (i: number) =>
    app.visit("http://links.test/api/v1/setup", { headers: { "x-forwarded-for": `203.0.113.${i}` } });
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++) statuses.push((await ask(i)).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
});

test("keys are not tried out at /metrics and /readyz either", async () => {
  const guarded = await testApp({ env: { WAYPOST_RATE_LIMIT: "40", WAYPOST_RATE_LIMIT_ANONYMOUS: "5" } });
  const ask = (path: string, key: string | null) =>
    fetch(`http://127.0.0.1:${guarded.app.server.port}${path}`, {
      headers: { host: "links.test", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    });
  const statuses: number[] = [];
  for (const path of ["/metrics", "/readyz", "/metrics", "/readyz", "/metrics"])
    statuses.push((await ask(path, `way_sk_live_${"x".repeat(40)}`)).status);
  expect(statuses).toEqual([401, 200, 401, 200, 401]);
  for (const path of ["/metrics", "/readyz"]) {
    const refused = await ask(path, `way_sk_live_${"x".repeat(40)}`);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([429, true]);
  }
  // Load balancers bring no key and are not counted, and whoever has a right one is counted apart.
  for (let i = 0; i < 10; i++) expect((await ask("/readyz", null)).status).toBe(200);
  expect((await ask("/readyz", guarded.owner)).status).toBe(200);
  await guarded.close();
});
