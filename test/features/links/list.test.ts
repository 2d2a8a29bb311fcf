import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
const ids: string[] = [];
const COUNT = 57;

beforeAll(async () => {
  app = await testApp();
  for (let i = 0; i < COUNT; i++) {
    app.clock.advance(1000);
    const body = {
      destinationUrl: `https://example.com/page-${i % 10}`,
      slug: `s${String(i).padStart(2, "0")}`,
      title: i % 3 === 0 ? null : `Title ${i % 5} 100%_\\`,
      tags: [i % 2 === 0 ? "even" : "odd", ...(i % 5 === 0 ? ["fifth"] : [])],
      ...(i === 7 ? { externalId: "seven" } : {}),
      ...(i === 8 ? { expiresAt: "2026-01-01T00:00:00Z" } : {}),
    };
    ids.push((await app.call("POST", "/links", { body })).body.data.id);
  }
  const { linkTotals } = app.db.tables;
  await app.db.transaction(async (tx) => {
    for (const [i, id] of ids.slice(0, 20).entries())
      await tx
        .update(linkTotals)
        .set({
          clicks: i % 4,
          uniqueClicks: i % 3,
          botClicks: i,
          lastClickedAt: i === 0 ? null : i,
          sequence: i,
        })
        .where(eq(linkTotals.linkId, id as `link_${string}`));
  });
});
afterAll(() => app.close());

const list = async (query: string) => (await app.call("GET", `/links?${query}`)).body;
const slugs = async (query: string) =>
  (await list(query)).data.map(({ slug }: { slug: string }) => slug) as string[];

test("a list is paged, newest first, with its counts", async () => {
  const body = await list("page=2&limit=10");
  expect(body.pagination).toMatchObject({ page: 2, limit: 10, total: COUNT, pages: 6, hasMore: true });
  expect(body.data[0].slug).toBe("s46");
  expect((await list("page=6&limit=10")).pagination).toMatchObject({ hasMore: false, nextCursor: null });
});

for (const sortBy of [
  "createdAt",
  "updatedAt",
  "expiresAt",
  "slug",
  "title",
  "clicks",
  "uniqueClicks",
  "botClicks",
  "lastClickedAt",
])
  for (const sortOrder of ["asc", "desc"])
    test(`a walk by cursor sorted by ${sortBy} ${sortOrder} meets every link once, in the order of the pages`, async () => {
      const walked: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = `sortBy=${sortBy}&sortOrder=${sortOrder}&limit=7${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
        const body = await list(query);
        walked.push(...body.data.map(({ id }: { id: string }) => id));
        cursor = body.pagination.nextCursor;
      } while (cursor);
      expect(new Set(walked).size).toBe(COUNT);
      expect(walked).toHaveLength(COUNT);
      const whole = await list(`sortBy=${sortBy}&sortOrder=${sortOrder}&limit=100`);
      expect(whole.data.map(({ id }: { id: string }) => id)).toEqual(walked);
    });

test("a cursor that was tampered with, or belongs to another list or workspace, is refused", async () => {
  const { nextCursor } = (await list("limit=5")).pagination;
  const refused = async (query: string, key?: string) =>
    (await app.call("GET", `/links?${query}`, key ? { key } : {})).status;
  expect(await refused(`limit=5&cursor=${nextCursor}`)).toBe(200);
  expect(await refused(`limit=5&cursor=${nextCursor.replace(/^./, "A")}`)).toBe(400);
  expect(await refused(`limit=5&sortBy=slug&cursor=${nextCursor}`)).toBe(400);
  expect(await refused(`limit=5&tag=even&cursor=${nextCursor}`)).toBe(400);
  expect(await refused("cursor=nonsense")).toBe(400);
  expect(await refused(`limit=5&cursor=${nextCursor}`, await app.stranger())).toBe(400);
});

test("a walk skips and repeats nothing that stays, while links come and go", async () => {
  const seen: string[] = [];
  const extra: string[] = [];
  let cursor: string | null = null;
  do {
    const body = await list(`limit=10${cursor ? `&cursor=${cursor}` : ""}`);
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.pagination.nextCursor;
    const made = await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/new" } });
    extra.push(made.body.data.id);
    if (extra.length > 1) await app.call("DELETE", `/links/${extra[extra.length - 2]}?permanent=true`);
  } while (cursor);
  for (const id of extra) await app.call("DELETE", `/links/${id}?permanent=true`);
  expect(seen.filter((id) => ids.includes(id))).toEqual([...ids].reverse());
});

test("filters narrow the list and the count alike", async () => {
  const cases: [string, (i: number) => boolean][] = [
    ["tag=odd", (i) => i % 2 === 1],
    ["tag=odd,fifth", (i) => i % 2 === 1 || i % 5 === 0],
    ["tag=odd,fifth&tagMode=all", (i) => i % 2 === 1 && i % 5 === 0],
    ["search=PAGE-3", (i) => i % 10 === 3],
    ["search=page-3%20odd", (i) => i % 10 === 3],
    ["search=100%25_%5C", (i) => i % 3 !== 0],
    ["search=%25%25%25", () => false],
    ["externalId=seven", (i) => i === 7],
    ["expired=true", (i) => i === 8],
    ["expired=false", (i) => i !== 8],
    ["destinationUrl=https%3A%2F%2Fexample.com%2Fpage-4", (i) => i % 10 === 4],
    ["clicksMin=3", (i) => i < 20 && i % 4 === 3],
    ["clicksMax=0", (i) => i >= 20 || i % 4 === 0],
    ["domain=links.test", () => true],
    ["createdFrom=2026-03-10T12:00:50Z", (i) => i >= 49],
    ["createdTo=2026-03-10T12:00:05Z", (i) => i < 4],
    ["archived=true", () => false],
    ["deleted=true", () => false],
  ];
  for (const [query, wanted] of cases) {
    const expected = ids
      .map((_, i) => i)
      .filter(wanted)
      .map((i) => `s${String(i).padStart(2, "0")}`);
    expect([query, await slugs(`${query}&limit=100&sortBy=slug&sortOrder=asc`)]).toEqual([query, expected]);
    expect((await app.call("GET", `/links/count?${query}`)).body.data.count).toBe(expected.length);
  }
});

test("a list shows the numbers of each link", async () => {
  const body = await list("sortBy=botClicks&limit=1");
  expect(body.data[0]).toMatchObject({
    clicks: 3,
    uniqueClicks: 1,
    botClicks: 19,
    lastClickedAt: "1970-01-01T00:00:00.019Z",
  });
});

test("another workspace sees none of it", async () => {
  const { body } = await app.call("GET", "/links?archived=any", { key: await app.stranger() });
  expect(body.pagination.total).toBe(0);
});

test("every parameter out of its bounds is refused by name", async () => {
  for (const [query, path] of [
    ["limit=0", "/limit"],
    ["limit=101", "/limit"],
    ["limit=x", "/limit"],
    ["page=0", "/page"],
    ["page=100000&limit=100", "/page"],
    ["sortBy=secret", "/sortBy"],
    ["sortOrder=up", "/sortOrder"],
    ["deleted=maybe", "/deleted"],
    [`search=${"x".repeat(201)}`, "/search"],
    ["createdFrom=yesterday", "/createdFrom"],
    ["clicksMin=-1", "/clicksMin"],
    ["unknown=1", "/unknown"],
    ["destinationUrl=nope", "/destinationUrl"],
  ] as const) {
    const { status, body } = await app.call("GET", `/links?${query}`);
    expect([query, status, body.error?.details[0].path]).toEqual([query, 400, path]);
  }
});
