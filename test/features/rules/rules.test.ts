import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { fields, operators } from "../../../src/redirect/rules/fields.ts";
import type { VisitorPlace } from "../../../src/redirect/visitor.ts";
import { type Answer, type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
let link: string;
beforeEach(async () => {
  app = await testApp({ visitors: { locate: () => place } });
  link = (
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/own", slug: "a" } })
  ).body.data.id;
});
afterEach(() => app.close());

let place: VisitorPlace | null = null;
const living = (country: string): VisitorPlace => ({
  country,
  region: "",
  city: "",
  continent: "",
  latitude: null,
  longitude: null,
  timeZone: "",
});
const country = (value: string) => ({ field: "country", operator: "equals", value });

const add = (body: object, path = `/links/${link}/rules`) =>
  app.call("POST", path, { body: { name: "r", destinationUrl: "https://example.com/rule", ...body } });
const leads = async (init?: RequestInit) =>
  (await app.visit("http://links.test/a", init)).headers.get("location");
const list = async () =>
  (await app.call("GET", `/links/${link}/rules`)).body.data as {
    id: string;
    name: string;
    position: number;
  }[];
const version = async () => (await app.call("GET", `/links/${link}`)).body.data.version as number;

test("a rule is made, read, changed and taken away, and the very next click knows", async () => {
  place = living("DE");
  expect(await leads()).toBe("https://example.com/own");
  const made = await add({
    name: "  Germans ",
    conditions: country("DE"),
    destinationUrl: "https://example.com/de",
    utm: { source: "rule", medium: null },
  });
  expect([made.status, made.headers.get("etag"), made.body.data]).toMatchObject([
    201,
    `"${made.body.data.id}-1"`,
    {
      linkId: link,
      campaignId: null,
      name: "Germans",
      position: 1,
      enabled: true,
      version: 1,
      utm: { source: "rule", medium: null },
      clicks: 0,
    },
  ]);
  expect(await leads()).toBe("https://example.com/de?utm_source=rule");
  const one = `/links/${link}/rules/${made.body.data.id}`;
  expect((await app.call("GET", one)).body.data).toEqual(made.body.data);
  expect(
    (await app.call("PATCH", one, { body: { conditions: { not: country("DE") }, utm: null } })).body.data,
  ).toMatchObject({ version: 2, utm: null });
  expect(await leads()).toBe("https://example.com/own");
  place = living("FR");
  expect(await leads()).toBe("https://example.com/de");
  await app.call("PATCH", one, { body: { enabled: false } });
  expect(await leads()).toBe("https://example.com/own");
  await app.call("PATCH", one, { body: { enabled: true } });
  expect((await app.call("DELETE", one)).status).toBe(200);
  expect(await leads()).toBe("https://example.com/own");
  expect((await app.call("GET", one)).status).toBe(404);
  expect((await app.events()).filter((type) => type.startsWith("rule."))).toEqual([
    "rule.created",
    "rule.updated",
    "rule.updated",
    "rule.updated",
    "rule.deleted",
  ]);
});

test("every change of rules is an edit of the link, and none is one that changes nothing", async () => {
  expect(await version()).toBe(1);
  const { id } = (await add({})).body.data;
  expect(await version()).toBe(2);
  await app.call("PATCH", `/rules/${id}`, { body: { name: "other" } });
  expect(await version()).toBe(3);
  const events = (await app.events()).length;
  const same = await app.call("PATCH", `/rules/${id}`, {
    body: { name: "other", conditions: null, enabled: true },
  });
  expect([same.status, same.body.data.version, await version(), (await app.events()).length]).toEqual([
    200,
    2,
    3,
    events,
  ]);
  await app.call("PUT", `/links/${link}/split`, {
    body: { variants: [{ destinationUrl: "https://a.example/" }, { destinationUrl: "https://b.example/" }] },
  });
  expect(await version()).toBe(4);
  await app.call("DELETE", `/rules/${id}`);
  expect(await version()).toBe(5);
});

test("rules are asked by position, and put into another order at once", async () => {
  const ids = [];
  for (const name of ["one", "two", "three"])
    ids.push((await add({ name, destinationUrl: `https://example.com/${name}` })).body.data.id);
  expect(await leads()).toBe("https://example.com/one");
  const first = (await add({ name: "first", position: 0, destinationUrl: "https://example.com/first" })).body
    .data.id;
  expect([await leads(), (await list()).map(({ name }) => name)]).toEqual([
    "https://example.com/first",
    ["first", "one", "two", "three"],
  ]);
  const wanted = [ids[2], first, ids[0], ids[1]];
  const { status, body } = await app.call("POST", `/links/${link}/rules/reorder`, {
    body: { rules: wanted },
  });
  expect([status, body.data.map(({ id }: { id: string }) => id), await leads()]).toEqual([
    200,
    wanted,
    "https://example.com/three",
  ]);
  expect((await list()).map(({ position }) => position)).toEqual([1, 2, 3, 4]);
  expect((await app.events()).at(-1)).toBe("link.rules_reordered");
  for (const wrong of [ids, [...wanted.slice(1), "rule_x"], [...wanted, wanted[0]], []]) {
    const answer = await app.call("POST", `/links/${link}/rules/reorder`, { body: { rules: wrong } });
    expect([wrong, answer.status, answer.body.error?.details[0].path]).toEqual([wrong, 400, "/rules"]);
  }
});

test("a stale edit is refused", async () => {
  const { id } = (await add({})).body.data;
  const one = `/links/${link}/rules/${id}`;
  const headers = { "if-match": `"${id}-1"` };
  expect((await app.call("PATCH", one, { body: { name: "new" }, headers })).headers.get("etag")).toBe(
    `"${id}-2"`,
  );
  expect((await app.call("PATCH", one, { body: { name: "newer" }, headers })).status).toBe(412);
  expect((await app.call("DELETE", one, { headers })).status).toBe(412);
  expect((await app.call("DELETE", one, { headers: { "if-match": `"${id}-2"` } })).status).toBe(200);
});

test("a link has a hundred rules and no more", async () => {
  const made = await Promise.all(Array.from({ length: 101 }, () => add({})));
  expect(made.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(100);
  expect(made.find(({ status }) => status !== 201)!.body.error.code).toBe("CONFLICT");
  const walked = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Answer["body"] = (
      await app.call("GET", `/links/${link}/rules?limit=30${cursor && `&cursor=${cursor}`}`)
    ).body;
    walked.push(...page.data.map(({ id }: { id: string }) => id));
    cursor = page.pagination.nextCursor;
  }
  expect(new Set(walked).size).toBe(100);
  const all = await app.call("GET", "/rules?limit=40");
  expect([all.body.pagination.total, all.body.data.length]).toEqual([100, 40]);
}, 30_000);

test("rules go with their link, and rest with it in the trash", async () => {
  place = living("DE");
  const { id } = (await add({ conditions: country("DE") })).body.data;
  await app.call("DELETE", `/links/${link}`);
  expect((await app.visit("http://links.test/a")).status).toBe(404);
  expect((await app.call("PATCH", `/rules/${id}`, { body: { name: "x" } })).status).toBe(409);
  expect((await app.call("POST", `/links/${link}/simulate`, { body: {} })).body.data.answer.status).toBe(404);
  await app.call("POST", `/links/${link}/restore`);
  expect(await leads()).toBe("https://example.com/rule");
  await app.call("DELETE", `/links/${link}?permanent=true`);
  expect((await app.call("GET", `/rules/${id}`)).status).toBe(404);
  for (const table of ["rules", "ruleSets"] as const)
    expect(await app.db.read.select().from(app.db.tables[table])).toEqual([]);
});

test("another link's rule is not found under this one, and another workspace's nowhere", async () => {
  const { id } = (await add({})).body.data;
  const other = (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } })).body
    .data.id;
  expect((await app.call("GET", `/links/${other}/rules/${id}`)).status).toBe(404);
  const stranger = await app.stranger();
  for (const path of [
    `/rules/${id}`,
    `/links/${link}/rules/${id}`,
    `/links/${link}/rules`,
    `/links/${link}/split`,
  ])
    expect([path, (await app.call("GET", path, { key: stranger })).status]).toEqual([path, 404]);
  expect((await add({ linkId: link }, "/rules")).status).toBe(201);
  const body = { name: "r", destinationUrl: "https://example.com/", linkId: link };
  expect((await app.call("POST", "/rules", { key: stranger, body })).status).toBe(404);
});

describe("what is wrong is named", () => {
  const leaf = country("DE");
  let deep: object = leaf;
  for (let i = 0; i < 8; i++) deep = { all: [deep] };
  test.each<[string, object, string]>([
    ["a tree nine levels deep", { conditions: deep }, `/conditions${"/all/0".repeat(8)}`],
    ["two hundred and one conditions", { conditions: { any: Array(201).fill(leaf) } }, "/conditions"],
    [
      "a field nobody knows",
      { conditions: { all: [leaf, { ...leaf, field: "mood" }] } },
      "/conditions/all/1/field",
    ],
    [
      "a pattern that goes back",
      { conditions: { field: "city", operator: "matches", value: "(a)\\1" } },
      "/conditions/value",
    ],
    [
      "a place among a list",
      { conditions: [leaf, { ...leaf, value: 7.5, operator: "like" }] },
      "/conditions/all/1/operator",
    ],
    ["a destination that is none", { destinationUrl: "javascript:alert(1)" }, "/destinationUrl"],
    ["a destination that comes back", { destinationUrl: "http://links.test/a" }, "/destinationUrl"],
    ["a name of nothing", { name: " " }, "/name"],
    ["a field of its own", { mood: 1 }, "/mood"],
    ["a field inside", { utm: { sauce: "x" } }, "/utm"],
    ["a position that is none", { position: -1 }, "/position"],
    ["a logic without a list", { conditions: leaf, conditionLogic: "OR" }, "/conditionLogic"],
    ["a type without an object", { type: "geo", conditions: [leaf] }, "/conditions"],
  ])("%s", async (_, body, path) => {
    const { status, body: answer } = await add(body);
    expect([status, answer.error?.details[0]?.path]).toEqual([400, path]);
  });

  test("a link and a campaign at once, or neither, or a campaign that is not there", async () => {
    const paths = [];
    for (const body of [
      {},
      { linkId: link, campaignId: "camp_x" },
      { linkId: link, position: 1, priority: 2 },
    ])
      paths.push((await add(body, "/rules")).body.error.details[0].path);
    expect(paths).toEqual(["/linkId", "/campaignId", "/priority"]);
    expect((await add({ campaignId: `camp_${"0".repeat(26)}` }, "/rules")).status).toBe(404);
  });
});

describe("another system's forms are stored as the tree they mean", () => {
  test.each<[object, object]>([
    [
      { conditions: [country("DE"), { field: "isBot", operator: "is_false" }] },
      { all: [country("DE"), { field: "bot", operator: "is_false", value: null }] },
    ],
    [
      { conditions: [country("DE"), country("AT")], conditionLogic: "OR" },
      { any: [country("DE"), country("AT")] },
    ],
    [{ conditions: [] }, { all: [] }],
    [
      { type: "geo", conditions: { countries: ["DE", "AT"] } },
      { all: [{ field: "country", operator: "in", value: ["DE", "AT"] }] },
    ],
    [
      { type: "geo", conditions: { countries: ["DE"], operator: "not_in" } },
      { all: [{ field: "country", operator: "not_in", value: ["DE"] }] },
    ],
    [
      { type: "device", conditions: { devices: ["mobile"], os: ["iOS"] } },
      {
        all: [
          { field: "device", operator: "in", value: ["mobile"] },
          { field: "os", operator: "in", value: ["iOS"] },
        ],
      },
    ],
    [
      {
        type: "time",
        conditions: { timezone: "Europe/Berlin", days: ["Mon", 2], startTime: "09:00", endTime: "17:00" },
      },
      {
        all: [
          { field: "dayOfWeek", operator: "in", value: ["monday", "tuesday"], timezone: "Europe/Berlin" },
          { field: "timeOfDay", operator: "between", value: ["09:00", "17:00"], timezone: "Europe/Berlin" },
        ],
      },
    ],
    [
      { type: "referrer", conditions: { referrers: ["t.co", "x.com"], operator: "contains" } },
      {
        all: [
          {
            any: [
              { field: "referrer", operator: "contains", value: "t.co" },
              { field: "referrer", operator: "contains", value: "x.com" },
            ],
          },
        ],
      },
    ],
    [
      { type: "utm", conditions: { utm_source: "news" } },
      { all: [{ field: "utmSource", operator: "in", value: ["news"] }] },
    ],
    [
      { type: "percentage", conditions: { percentage: 30 } },
      { all: [{ field: "percentage", operator: "less_than", value: 30 }] },
    ],
    [
      { type: "language", conditions: { languages: ["de"] } },
      { all: [{ field: "language", operator: "in", value: ["de"] }] },
    ],
    [
      { type: "visitor_state", conditions: { state: "returning" } },
      { all: [{ field: "returning", operator: "is_true", value: null }] },
    ],
  ])("%j", async (given, tree) => {
    const { body, text } = await add({ linkId: link, priority: 5, ...given }, "/rules");
    expect([text.slice(0, 40), body.data?.conditions, body.data?.position]).toEqual([
      text.slice(0, 40),
      tree,
      5,
    ]);
  });

  test.each<[object, string]>([
    [{ type: "geo", conditions: { planets: ["Mars"] } }, "/conditions/planets"],
    [{ type: "geo", conditions: {} }, "/conditions"],
    [{ type: "geo", conditions: { countries: ["DE"], operator: "like" } }, "/conditions/operator"],
    [{ type: "visitor_state", conditions: { state: "old" } }, "/conditions/state"],
    [{ type: "percentage", conditions: {} }, "/conditions/all/0/value"],
    [{ type: "time", conditions: { startTime: "9am" } }, "/conditions/all/0/value/0"],
  ])("%j is refused", async (given, path) => {
    const { status, body } = await add(given);
    expect([status, body.error?.details[0]?.path]).toEqual([400, path]);
  });
});

test("a link that leads only where rules say leads nowhere else", async () => {
  const only = { destinationUrl: null, redirectMode: "rule_only", slug: "only" };
  const { id } = (await app.call("POST", "/links", { body: only })).body.data;
  place = living("DE");
  expect((await app.visit("http://links.test/only")).status).toBe(404);
  await add({ conditions: country("DE") }, `/links/${id}/rules`);
  expect((await app.visit("http://links.test/only")).headers.get("location")).toBe(
    "https://example.com/rule",
  );
  place = living("FR");
  expect((await app.visit("http://links.test/only")).status).toBe(404);
  await app.call("PATCH", `/links/${id}`, { body: { redirectMode: "never" } });
  place = living("DE");
  expect((await app.visit("http://links.test/only")).status).toBe(204);
});

test("docs/rules.md tells every field as it is, and every operator", async () => {
  const doc = await Bun.file(join(import.meta.dir, "../../../docs/rules.md")).text();
  for (const [name, { kind, about }] of Object.entries(fields))
    expect(doc).toContain(`| \`${name}\` | ${kind} | ${about}`);
  for (const operator of operators) expect(doc).toContain(`\`${operator}\``);
});

test("what conditions can ask is listed, with what each needs", async () => {
  const { data } = (await app.call("GET", "/rules/fields")).body;
  expect(data.length).toBeGreaterThan(45);
  expect(data.find(({ field }: { field: string }) => field === "hour")).toMatchObject({
    kind: "clock",
    takes: ["timezone"],
    needs: null,
  });
  expect(data.find(({ field }: { field: string }) => field === "vpn").needs).toContain("network database");
});
