import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { searchText, wordsOf } from "../../../src/features/links/words.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { freshSqlite } from "../../support/sqlite.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  const links = [
    { slug: "summer", title: "Everything for the beach", tags: ["Season"] },
    { slug: "summer-sale", title: "Sale" },
    { slug: "k7m2", title: "Summer party", notes: "ask Björn about the höhle" },
    { slug: "winter", destinationUrl: "https://www.shop.example/caf%C3%A9/page-31?id=4711", title: "Summit" },
    { slug: "夏季促销", title: "夏季大促销 iPhone手机" },
    { slug: "🎉", title: "Party 100%", externalId: "order-17" },
  ];
  for (const one of links) {
    app.clock.advance(1000);
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...one } });
  }
});
afterAll(() => app.close());

const list = async (search: string) =>
  (await app.call("GET", `/links?sortOrder=asc&${new URLSearchParams({ search })}`)).body.data.map(
    ({ slug }: { slug: string }) => slug,
  ) as string[];
const ranked = async (query: string) =>
  (await app.call("GET", `/search?${new URLSearchParams({ query })}`)).body.data.links.map(
    ({ slug }: { slug: string }) => slug,
  ) as string[];

const cases: [string, string[]][] = [
  ["sum", ["summer", "summer-sale", "k7m2", "winter"]],
  ["summe", ["summer", "summer-sale", "k7m2"]],
  ["SUMMER", ["summer", "summer-sale", "k7m2"]],
  ["summer sal", ["summer-sale"]],
  ["summer-sal", ["summer-sale"]],
  ["sale-summer", []],
  ["sale summer", ["summer-sale"]],
  ["seas", ["summer"]],
  ["bjo\u0308rn", ["k7m2"]],
  ["HÖHLE", ["k7m2"]],
  ["café", ["winter"]],
  ["https://www.shop.example/caf", ["winter"]],
  ["page-31", ["winter"]],
  ["page-3", []],
  ["page-313", []],
  ["4711", ["winter"]],
  ["471", ["winter"]],
  ["促销", ["夏季促销"]],
  ["手机", ["夏季促销"]],
  ["机手", []],
  ["iphone", ["夏季促销"]],
  ["🎉", ["🎉"]],
  ["100", ["🎉"]],
  ["order-17", ["🎉"]],
  ["nothing", []],
  ["%", []],
  ["_", []],
  ['" OR 1', []],
  ["summer*", ["summer", "summer-sale", "k7m2"]],
  ["NEAR(summer sale)", []],
  ["https://", []],
];
for (const [text, slugs] of cases)
  test(`a search for ${text} finds ${slugs.join(", ") || "nothing"}`, async () => {
    expect(await list(text)).toEqual(slugs);
  });

test("what is most likely meant comes first: the slug itself, slugs that begin so, titles, the rest", async () => {
  expect(await ranked("summer")).toEqual(["summer", "summer-sale", "k7m2"]);
  expect(await ranked("su")).toEqual(["summer-sale", "summer"]);
  expect((await ranked("winter"))[0]).toBe("winter");
  expect((await ranked("http://links.test/k7m2"))[0]).toBe("k7m2");
  expect((await ranked("sum")).toSorted()).toEqual(["k7m2", "summer", "summer-sale", "winter"]);
});

test("every kind is found at once, twenty of each at most, and a kind that one may not read is empty", async () => {
  await app.call("POST", "/campaigns", { body: { name: "Party week" } });
  await app.call("POST", "/domains", { body: { host: "party.example" } });
  await app.call("POST", "/tags", { body: { name: "garden party" } });
  const kinds = async (key?: string) => {
    const { data } = (await app.call("GET", "/search?query=party&limit=20", key ? { key } : {})).body;
    return Object.fromEntries(
      Object.entries(data).map(([kind, found]) => [kind, (found as unknown[]).length]),
    );
  };
  expect(await kinds()).toEqual({ links: 2, domains: 1, tags: 1, campaigns: 1, members: 0 });
  const body = { name: "narrow", permissions: ["links:read"] };
  const { secret } = (await app.call("POST", "/keys", { body })).body.data;
  expect(await kinds(secret)).toEqual({ links: 2, domains: 0, tags: 0, campaigns: 0, members: 0 });
  expect((await app.call("GET", "/search?query=x&limit=21")).status).toBe(400);
  expect((await app.call("GET", `/search?query=${"x".repeat(201)}`)).status).toBe(400);
});

test("another workspace's words are never found", async () => {
  const key = await app.stranger();
  await app.call("POST", "/links", {
    key,
    body: { destinationUrl: "https://example.com/", title: "summerhouse" },
  });
  expect(await list("summerhouse")).toEqual([]);
  expect((await app.call("GET", "/links?search=summer", { key })).body.data).toHaveLength(1);
});

test("the index follows every change in the transaction of the change, and knows nothing of one that was taken back", async () => {
  const { id } = (
    await app.call("POST", "/links", {
      body: { destinationUrl: "https://example.com/", slug: "moving", title: "firstword" },
    })
  ).body.data;
  await app.call("PATCH", `/links/${id}`, { body: { title: "secondword" } });
  expect([await list("firstword"), await list("secondword")]).toEqual([[], ["moving"]]);
  const { links } = app.db.tables;
  await app.db
    .transaction(async (tx) => {
      await tx.update(links).set({ searchText: " thirdword" }).where(sql`${links.id} = ${id}`);
      throw new Error("taken back");
    })
    .catch(() => {});
  expect([await list("secondword"), await list("thirdword")]).toEqual([["moving"], []]);
  await app.call("DELETE", `/links/${id}?permanent=true`);
  expect(await list("secondword")).toEqual([]);
});

test("of common words the newest are counted, and the list says that there are more", async () => {
  const { links } = app.db.tables;
  const key = await app.stranger();
  await app.call("POST", "/links", { key, body: { destinationUrl: "https://example.com/", slug: "first" } });
  const rows = await app.db.read.select().from(links).where(sql`${links.slug} = 'first'`);
  for (let from = 0; from < 3600; from += 400)
    await app.db.transaction((tx) =>
      tx.insert(links).values(
        Array.from({ length: 400 }, (_, i) => ({
          ...rows[0]!,
          id: `link_0${String(from + i).padStart(25, "0")}` as const,
          slugKey: `many-${from + i}`,
          slug: `many-${from + i}`,
          searchText: searchText({ ...rows[0]!, slug: `many ${from + i}`, title: "common", tagIds: [] }),
        })),
      ),
    );
  const { body } = await app.call("GET", "/links?search=comm&limit=50&sortBy=slug&sortOrder=asc", { key });
  expect([body.data.length, body.pagination.hasMore]).toEqual([50, true]);
  expect(body.pagination.total).toBeGreaterThanOrEqual(3000);
  const walked = await app.call(
    "GET",
    `/links?search=comm&limit=50&sortBy=slug&sortOrder=asc&cursor=${body.pagination.nextCursor}`,
    { key },
  );
  expect(walked.body.data).toHaveLength(50);
  const rare = await app.call("GET", "/links?search=common%202345", { key });
  expect(rare.body.data.map(({ slug }: { slug: string }) => slug)).toEqual(["many-2345"]);
});

test.skipIf(process.env["TEST_DATABASE"] === "postgres")(
  "the index knows the same rows after SQLite has written its file anew, with gaps where links were destroyed",
  () => {
    const path = freshSqlite();
    const db = new Database(path, { strict: true });
    db.run("insert into workspaces (id, name, created_at, updated_at) values ('ws_000001', '', 1, 1)");
    db.run(
      "insert into domains (id, workspace_id, host, case_sensitive, slug_length, created_at, updated_at) values ('dom_1', 'ws_000001', 'x', 0, 8, 1, 1)",
    );
    for (let i = 0; i < 300; i++)
      db.run(
        `insert into links (id, workspace_id, domain_id, slug, slug_key, destination_url, destination_hash, redirect_status, forward_query, search_text, version, created_by, created_at, updated_at)
         values ('link_${(i * 7919) % 300}', 'ws_000001', 'dom_1', '${i}', '${i}', 'u', 'h', 302, 1, ' word${i}x', 1, 'x', 1, 1)`,
      );
    db.run("delete from links where cast(slug as integer) % 3 = 0");
    const known = () =>
      Array.from({ length: 300 }, (_, i) =>
        db
          .query<{ slug: string }, [string]>(
            "select slug from link_search join links on links.rowid = link_search.rowid where link_search match ?",
          )
          .all(`"000001word${i}x"`)
          .map(({ slug }) => slug)
          .join(),
      );
    const wanted = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? "" : String(i)));
    expect(known()).toEqual(wanted);
    db.run("vacuum");
    expect(known()).toEqual(wanted);
    const copy = freshSqlite();
    db.run(`vacuum into '${copy}.copy'`);
    const copied = new Database(`${copy}.copy`);
    const [row] = copied
      .query<{ slug: string }, []>(
        "select slug from link_search join links on links.rowid = link_search.rowid where link_search match '\"000001word299x\"'",
      )
      .all();
    expect(row?.slug).toBe("299");
    copied.close();
    db.close();
  },
);

test("words are cut at what stands between them, folded, and no longer than the index can use", () => {
  expect(wordsOf("Go.Example.com/Straße_1?x=Ä")).toEqual(["go", "example", "com", "straße", "1", "x", "ä"]);
  expect(wordsOf("ﬁne ＡＢＣ")).toEqual(["fine", "abc"]);
  expect(wordsOf("x".repeat(50))).toEqual(["x".repeat(40)]);
  expect(wordsOf(" \t-- ")).toEqual([]);
});
