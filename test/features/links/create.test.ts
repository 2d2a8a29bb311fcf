import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const destinationUrl = "https://example.com/landing";
const create = (body: unknown, key?: string | null) =>
  app.call("POST", "/links", { body, ...(key === undefined ? {} : { key }) });

test("a link is made whole, and it is on record", async () => {
  const { status, body } = await create({
    destinationUrl: "https://EXAMPLE.com/ä?q=1#f",
    slug: "Summer",
    title: "Title",
    description: "About",
    tags: ["a", "b"],
    externalId: "order-17",
    redirectStatus: 307,
    forwardQuery: false,
    expiresAt: "2026-12-31T10:00:00+02:00",
    expiredUrl: "https://example.com/over",
    clicksLimit: 5,
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({ success: true, status: 201, message: "Link created" });
  expect(body.data).toMatchObject({
    slug: "Summer",
    domain: "links.test",
    shortUrl: "http://links.test/Summer",
    destinationUrl: "https://example.com/%C3%A4?q=1#f",
    title: "Title",
    description: "About",
    tags: ["a", "b"],
    externalId: "order-17",
    redirectStatus: 307,
    forwardQuery: false,
    expiresAt: "2026-12-31T08:00:00.000Z",
    expiredUrl: "https://example.com/over",
    clicksLimit: 5,
    version: 1,
    clicks: 0,
    uniqueClicks: 0,
    botClicks: 0,
    lastClickedAt: null,
  });
  expect((await app.events()).at(-1)).toBe("link.created");
  const again = await app.call("GET", `/links/${body.data.id}`);
  expect(again.body.data).toEqual(body.data);
});

test("a link without a slug gets eight characters without look-alikes", async () => {
  const { body } = await create({ destinationUrl });
  expect(body.data.slug).toMatch(/^[2-9a-hj-km-np-z]{8}$/);
});

test("a slug is given once on a domain, whatever its case, and the second try leaves no trace", async () => {
  await create({ destinationUrl, slug: "once" });
  const before = await app.events();
  const { status, body } = await create({ destinationUrl, slug: "ONCE" });
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ code: "SLUG_TAKEN", details: [{ path: "/slug" }] });
  expect(await app.events()).toEqual(before);
});

test("of a hundred at once one gets the slug", async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => create({ destinationUrl, slug: "race" })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
});

test("an external id is given once in a workspace, and again in another", async () => {
  await create({ destinationUrl, externalId: "ext-1" });
  const { status, body } = await create({ destinationUrl, externalId: "ext-1" });
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ code: "CONFLICT", details: [{ path: "/externalId" }] });
  expect((await create({ destinationUrl, externalId: "ext-1" }, await app.stranger())).status).toBe(201);
});

test("findExisting answers the link that is there with 200, and makes one where none is", async () => {
  const url = "https://example.com/find-me";
  const first = await create({ destinationUrl: url, findExisting: true });
  expect(first.status).toBe(201);
  const second = await create({ destinationUrl: `${url}`, findExisting: true });
  expect(second.status).toBe(200);
  expect(second.body.data.id).toBe(first.body.data.id);
  const plain = await create({ destinationUrl: url });
  expect(plain.body.data.id).not.toBe(first.body.data.id);
  const stranger = await create({ destinationUrl: url, findExisting: true }, await app.stranger());
  expect(stranger.status).toBe(201);
});

const refused: [string, Record<string, unknown>, string][] = [
  ["no destination", {}, "/destinationUrl"],
  ["a destination that is no URL", { destinationUrl: "nope" }, "/destinationUrl"],
  ["a script as destination", { destinationUrl: "javascript:alert(1)" }, "/destinationUrl"],
  ["a destination over its limit", { destinationUrl: `https://e.co/${"x".repeat(8192)}` }, "/destinationUrl"],
  ["a destination on our own host", { destinationUrl: "https://LINKS.test:444/x" }, "/destinationUrl"],
  ["an expired URL on our own host", { destinationUrl, expiredUrl: "http://links.test/" }, "/expiredUrl"],
  ["an expired URL that is a script", { destinationUrl, expiredUrl: "data:text/html,x" }, "/expiredUrl"],
  ["a reserved slug", { destinationUrl, slug: "admin/x" }, "/slug"],
  ["a slug with a control character", { destinationUrl, slug: "a\u200bb" }, "/slug"],
  ["a slug over its limit", { destinationUrl, slug: "x".repeat(191) }, "/slug"],
  ["an empty slug", { destinationUrl, slug: "" }, "/slug"],
  ["a title over its limit", { destinationUrl, title: "x".repeat(256) }, "/title"],
  ["a description over its limit", { destinationUrl, description: "x".repeat(2001) }, "/description"],
  ["too many tags", { destinationUrl, tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }, "/tags"],
  ["a tag twice", { destinationUrl, tags: ["a", "a"] }, "/tags"],
  ["a tag over its limit", { destinationUrl, tags: ["x".repeat(51)] }, "/tags/0"],
  ["a redirect status that is none", { destinationUrl, redirectStatus: 303 }, "/redirectStatus"],
  ["a date without a zone", { destinationUrl, expiresAt: "2026-12-31T00:00:00" }, "/expiresAt"],
  ["a date that is not in the calendar", { destinationUrl, expiresAt: "2026-02-31T00:00:00Z" }, "/expiresAt"],
  [
    "a date beyond the years a time is written with",
    { destinationUrl, expiresAt: "9999-12-31T23:59:59-12:00" },
    "/expiresAt",
  ],
  ["a date before them", { destinationUrl, expiresAt: "0000-01-01T00:00:00+12:00" }, "/expiresAt"],
  ["a click limit of none", { destinationUrl, clicksLimit: 0 }, "/clicksLimit"],
  ["a click limit that is no whole number", { destinationUrl, clicksLimit: 1.5 }, "/clicksLimit"],
  ["an external id with a slash", { destinationUrl, externalId: "a/b" }, "/externalId"],
  ["a field nobody knows", { destinationUrl, destinationURL: "x" }, "/destinationURL"],
  ["a domain of nobody", { destinationUrl, domain: "nowhere.example" }, "/domain"],
  ["__proto__ as a field", JSON.parse(`{"destinationUrl":"https://e.co","__proto__":{"a":1}}`), "/__proto__"],
];
for (const [what, body, path] of refused)
  test(`${what} is refused by name`, async () => {
    const before = await app.events();
    const answer = await create(JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe("VALIDATION_ERROR");
    expect(answer.body.error.details[0].path).toBe(path);
    expect(await app.events()).toEqual(before);
  });

test("nobody, a wrong key and a viewer make no links", async () => {
  expect((await create({ destinationUrl }, null)).status).toBe(401);
  expect((await create({ destinationUrl }, "way_sk_live_nonsense")).body.error.code).toBe("INVALID_API_KEY");
  expect((await create({ destinationUrl }, await app.keyOf("viewer"))).status).toBe(403);
  expect((await create({ destinationUrl }, await app.keyOf("editor"))).status).toBe(201);
});

test("a domain of another workspace cannot be used, and its slugs are not told", async () => {
  const stranger = await app.stranger();
  await app.call("POST", "/domains", { key: stranger, body: { host: "theirs.example" } });
  await app.call("POST", "/links", {
    key: stranger,
    body: { destinationUrl, slug: "secret", domain: "theirs.example" },
  });
  const { status, body } = await create({ destinationUrl, slug: "secret", domain: "theirs.example" });
  expect(status).toBe(400);
  expect(body.error.details[0].path).toBe("/domain");
});

test("of many who ask at once for the same link to be found or made, one makes it and all get it", async () => {
  const body = { destinationUrl: "https://example.com/made-once", findExisting: true };
  const answers = await Promise.all(Array.from({ length: 12 }, () => app.call("POST", "/links", { body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
  expect(new Set(answers.map((one) => one.body.data.id)).size).toBe(1);
  expect(answers.filter((one) => one.body.message === "Link exists")).toHaveLength(11);
});

test("a link that is called as a part of the API is read by its slug nevertheless", async () => {
  const { body } = await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", slug: "count" },
  });
  const { domain, id } = body.data;
  expect((await app.call("GET", `/links/%2Fcount?domain=${domain}`)).body.data.id).toBe(id);
  expect((await app.call("GET", `/links/count?domain=${domain}`)).body.data.count).toBeGreaterThan(0);
  const title = { body: { title: "Counted" } };
  expect((await app.call("PATCH", `/links/%2Fcount?domain=${domain}`, title)).body.data.title).toBe(
    "Counted",
  );
});
