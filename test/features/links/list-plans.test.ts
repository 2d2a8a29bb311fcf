import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { sortFields } from "../../../src/features/links/filter.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { freshSqlite } from "../../support/sqlite.ts";

/** SQLite answers on the main thread: a list that is sorted there holds up every redirect. */
describe.skipIf(process.env["TEST_DATABASE"] === "postgres")("on SQLite a list", () => {
  let app: TestApp;
  const prepared: string[] = [];
  const { prepare } = Database.prototype;
  const spy = spyOn(Database.prototype, "prepare");
  const likeHere = new Database(freshSqlite());
  beforeAll(async () => {
    app = await testApp();
    for (let i = 0; i < 3; i++)
      await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } });
    spy.mockImplementation(function (this: Database, text: string) {
      prepared.push(text);
      return prepare.call(this, text);
    } as typeof prepare);
  });
  afterAll(async () => {
    spy.mockRestore();
    likeHere.close();
    await app.close();
  });

  /** How SQLite goes about what a call asks of it, and the answer. */
  async function planned(path: string) {
    prepared.length = 0;
    const { body } = await app.call("GET", path);
    const plans = prepared.map((text) =>
      (prepare.call(likeHere, `explain query plan ${text}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .join("\n"),
    );
    // Whether folders are closed is asked first; how links are looked for is what these tests are about.
    return { body, plans: plans.filter((plan) => !/^SEARCH folder/.test(plan)) };
  }

  for (const sortBy of sortFields)
    for (const sortOrder of ["asc", "desc"])
      test(`by ${sortBy} ${sortOrder} is read in the order of an index, and walked on from its place in it`, async () => {
        const path = `/links?sortBy=${sortBy}&sortOrder=${sortOrder}&limit=1`;
        const first = await planned(path);
        expect(first.plans[0]).toMatch(
          /^SEARCH (links|link_totals) USING INDEX link(s|_totals)_by_\w+ \(workspace_id=\?\)/,
        );
        const next = await planned(`${path}&cursor=${first.body.pagination.nextCursor}`);
        expect(next.plans[0]).toMatch(/^SEARCH \w+ USING INDEX \w+_by_\w+ \(workspace_id=\? AND .+\)/);
        for (const plan of [...first.plans, ...next.plans]) expect(plan).not.toContain("TEMP B-TREE");
      });

  test("is counted in an index alone", async () => {
    const { plans } = await planned("/links/count?archived=any");
    expect(plans[0]).toMatch(/^SEARCH links USING COVERING INDEX links_by_created/);
  });
});

test("archived, deleted and restored links stand where they are looked for, in every order", async () => {
  const app = await testApp();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { body } = await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } });
    ids.push(body.data.id);
  }
  const seen = async (query: string) => {
    const lists = await Promise.all(
      ["createdAt", "clicks"].map(async (sortBy) => {
        const { body } = await app.call("GET", `/links?sortBy=${sortBy}&sortOrder=asc&${query}`);
        expect(body.pagination.total).toBe(body.data.length);
        return body.data.map(({ id }: { id: string }) => ids.indexOf(id)).join("");
      }),
    );
    expect(lists[0]).toBe(lists[1]);
    return lists[0];
  };
  await app.call("POST", `/links/${ids[0]}/archive`);
  await app.call("DELETE", `/links/${ids[1]}`);
  expect(await seen("")).toBe("2");
  expect(await seen("archived=true")).toBe("0");
  expect(await seen("archived=any")).toBe("02");
  expect(await seen("deleted=true")).toBe("1");
  await app.call("POST", `/links/${ids[1]}/restore`);
  await app.call("POST", `/links/${ids[0]}/unarchive`);
  expect(await seen("")).toBe("012");
  await app.call("DELETE", `/links/${ids[2]}?permanent=true`);
  expect(await seen("archived=any")).toBe("01");
  await app.close();
});
