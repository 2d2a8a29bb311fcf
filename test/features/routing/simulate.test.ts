import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
let link: string;
let german: string;
let phones: string;
beforeAll(async () => {
  app = await testApp();
  link = (
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/own", slug: "a" } })
  ).body.data.id;
  const add = async (name: string, conditions: object) =>
    (
      await app.call("POST", `/links/${link}/rules`, {
        body: { name, conditions, destinationUrl: `https://example.com/${name}` },
      })
    ).body.data.id;
  german = await add("german", {
    all: [
      { field: "country", operator: "in", value: ["DE"] },
      { field: "hour", operator: "between", value: [9, 17], timezone: "Europe/Berlin" },
    ],
  });
  phones = await add("phones", {
    any: [
      { field: "device", operator: "equals", value: "mobile" },
      { field: "query", name: "m", operator: "is_set" },
    ],
  });
});
afterAll(() => app.close());

const simulate = (body: object, path = `/links/${link}/simulate`) => app.call("POST", path, { body });
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";

test("every rule is told with what decided, and the answer is the redirect's", async () => {
  const { status, body } = await simulate({
    country: "de",
    time: "2026-05-11T08:00:00Z",
    userAgent: PHONE,
    query: "?x=1",
  });
  expect([status, body.data]).toEqual([
    200,
    {
      rules: [
        {
          id: german,
          result: "true",
          chosen: true,
          decidedBy: "",
          conditions: [
            {
              path: "/all/0",
              field: "country",
              operator: "in",
              value: ["DE"],
              result: "true",
              given: "DE",
              needs: null,
            },
            {
              path: "/all/1",
              field: "hour",
              operator: "between",
              value: [9, 17],
              result: "true",
              given: "monday 10:00",
              needs: null,
            },
          ],
        },
        {
          id: phones,
          result: "true",
          chosen: false,
          decidedBy: "/any/0",
          conditions: [
            {
              path: "/any/0",
              field: "device",
              operator: "equals",
              value: "mobile",
              result: "true",
              given: "mobile",
              needs: null,
            },
            {
              path: "/any/1",
              field: "query",
              operator: "is_set",
              value: null,
              result: "false",
              given: [],
              needs: null,
            },
          ],
        },
      ],
      answer: {
        outcome: "redirected",
        status: 302,
        location: "https://example.com/german?x=1",
        ruleId: german,
        variantId: null,
      },
    },
  ]);
});

test("what cannot be known says what it wants, and the next rule is asked", async () => {
  const { rules, answer } = (await simulate({ query: "m=" })).body.data;
  expect([rules[0].result, rules[0].decidedBy, rules[0].conditions[0].needs]).toEqual([
    "unknown",
    "/all/0",
    "a place database, and an address that stands in it",
  ]);
  expect([answer.ruleId, answer.location]).toEqual([phones, "https://example.com/phones?m="]);
});

test("nothing is counted, and nothing is set", async () => {
  const events = await app.events();
  const before = (await app.call("GET", `/links/${link}`)).body.data;
  const answer = await simulate({ country: "DE" });
  expect(answer.headers.get("set-cookie")).toBeNull();
  expect([await app.events(), (await app.call("GET", `/links/${link}`)).body.data]).toEqual([events, before]);
});

test("a link that is off, not begun, over, or leads nowhere says so", async () => {
  const make = async (fields: object) => {
    const { id } = (
      await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/x", ...fields } })
    ).body.data;
    const { outcome, status, location } = (
      await simulate({ time: "2026-06-01T00:00:00Z" }, `/links/${id}/simulate`)
    ).body.data.answer;
    return [outcome, status, location];
  };
  expect(await make({})).toEqual(["redirected", 302, "https://example.com/x"]);
  expect(await make({ enabled: false })).toEqual(["disabled", 404, null]);
  expect(await make({ startsAt: "2026-07-01T00:00:00Z" })).toEqual(["disabled", 404, null]);
  expect(await make({ expiresAt: "2026-05-01T00:00:00Z" })).toEqual(["expired", 410, null]);
  expect(await make({ expiresAt: "2026-05-01T00:00:00Z", expiredUrl: "https://example.com/late" })).toEqual([
    "expired",
    302,
    "https://example.com/late",
  ]);
  expect(await make({ redirectMode: "never" })).toEqual(["tracked", 204, null]);
  expect(await make({ redirectMode: "rule_only", destinationUrl: null })).toEqual(["not_found", 404, null]);
});

test("a link with a password asks for it, and leads on once it was shown", async () => {
  const body = { destinationUrl: "https://example.com/x", password: "open sesame, please" };
  const { id } = (await app.call("POST", "/links", { body })).body.data;
  const ask = async (more: object) => (await simulate(more, `/links/${id}/simulate`)).body.data.answer;
  expect(await ask({})).toMatchObject({ outcome: "password_asked", location: null });
  expect(await ask({ unlocked: true })).toMatchObject({
    outcome: "redirected",
    location: "https://example.com/x",
  });
});

test("what is handed on is what the rule says, else the link, and its campaign goes with its rules", async () => {
  const fields = { destinationUrl: "https://example.com/x", forwardQuery: false, utm: { source: "link" } };
  const { id, shortUrl } = (await app.call("POST", "/links", { body: fields })).body.data;
  const rule = { name: "r", destinationUrl: "https://example.com/r" };
  const { id: ruleId } = (await app.call("POST", `/links/${id}/rules`, { body: rule })).body.data;
  const query = "x=1&utm_medium=mail";
  const both = async (patch: object) => {
    const { status, text } = await app.call("PATCH", `/rules/${ruleId}`, { body: patch });
    expect([status, text]).toEqual([200, text]);
    const real = (await app.visit(`${shortUrl}?${query}`)).headers.get("location");
    expect((await simulate({ query }, `/links/${id}/simulate`)).body.data.answer.location).toBe(real);
    return real;
  };
  expect(await both({})).toBe("https://example.com/r?utm_source=link");
  expect(await both({ forwardUtm: true })).toBe("https://example.com/r?utm_source=link&utm_medium=mail");
  expect(await both({ forwardUtm: null, forwardQuery: true })).toBe(
    "https://example.com/r?utm_source=link&x=1&utm_medium=mail",
  );
  expect(await both({ forwardUtm: false })).toBe("https://example.com/r?utm_source=link&x=1");
  expect(await both({ utm: { source: "rule" } })).toBe("https://example.com/r?utm_source=rule&x=1");
});

test("a split says who would get what, by the visitor's key", async () => {
  const { id } = (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/x" } }))
    .body.data;
  await app.call("PUT", `/links/${id}/split`, {
    body: { variants: [{ destinationUrl: "https://a.example/" }, { destinationUrl: "https://b.example/" }] },
  });
  const seen = new Set<string>();
  for (let i = 0; i < 30; i++) {
    const visitorKey = `${"k".repeat(20)}${String(i).padStart(2, "0")}`;
    const ask = async (more: object) =>
      (await simulate({ visitorKey, ...more }, `/links/${id}/simulate`)).body.data.answer;
    const { location, variantId } = await ask({});
    expect(await ask({ returning: true, userAgent: "other" })).toMatchObject({ location, variantId });
    seen.add(location);
  }
  expect([...seen].sort()).toEqual(["https://a.example/", "https://b.example/"]);
});

describe("what is wrong is named", () => {
  test.each<[object, string]>([
    [{ ip: "here" }, "/ip"],
    [{ time: "soon" }, "/time"],
    [{ time: "2026-02-31T00:00:00Z" }, "/time"],
    [{ mood: "good" }, "/mood"],
    [{ headers: { "x-a": 7 } }, "/headers/x-a"],
    [{ headers: { "a b": "c" } }, "/headers"],
    [{ userAgent: "x\ny" }, "/userAgent"],
    [{ cookies: { a: "x\r\ny" } }, "/cookies"],
    [{ visitorKey: "short" }, "/visitorKey"],
    [{ latitude: 91 }, "/latitude"],
    [{ method: "BREW" }, "/method"],
  ])("%j", async (body, path) => {
    const answer = await simulate(body);
    expect([answer.status, answer.body.error?.details[0]?.path]).toEqual([400, path]);
  });
});
