import { afterEach, beforeEach, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await testApp();
});
afterEach(() => app.close());

const link = async (tags: string[], more: object = {}) =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", tags, ...more } })).body
    .data;
const tagsOf = async (id: string) => (await app.call("GET", `/links/${id}`)).body.data.tags as string[];
const all = async () =>
  Object.fromEntries(
    (await app.call("GET", "/tags?limit=100")).body.data.map((tag: { name: string; links: number }) => [
      tag.name,
      tag.links,
    ]),
  );
const idOf = async (name: string): Promise<string> =>
  (await app.call("GET", "/tags?limit=100")).body.data.find((tag: { name: string }) => tag.name === name).id;
const found = async (query: string) =>
  (await app.call("GET", `/links?limit=100&sortOrder=asc&${query}`)).body.data.map(
    ({ id }: { id: string }) => id,
  ) as string[];

test("a name that is no tag yet becomes one; the same in another spelling is the same tag", async () => {
  const one = await link(["Summer", "café"]);
  const two = await link(["SUMMER", "cafe\u0301", "summer "].map((name) => name.trim()));
  expect([one.tags, two.tags]).toEqual([
    ["Summer", "café"],
    ["Summer", "café"],
  ]);
  expect(await all()).toEqual({ café: 2, Summer: 2 });
  expect((await app.events()).filter((type) => type === "tag.created")).toHaveLength(2);
  expect(await found("tag=summer")).toEqual([one.id, two.id]);
  expect((await app.call("POST", "/tags", { body: { name: "sUmmer" } })).status).toBe(409);
});

test("tags are shown in the order they were given", async () => {
  const names = ["z", "a", "m", "b"];
  const { id } = await link(names);
  expect(await tagsOf(id)).toEqual(names);
  await app.call("PATCH", `/links/${id}`, { body: { tags: ["b", "new", "a"] } });
  expect(await tagsOf(id)).toEqual(["b", "new", "a"]);
});

test("links follow a tag that is renamed or recoloured, in lists, filters and search, and are no newer for it", async () => {
  const { id, version } = await link(["old name", "other"]);
  const tag = await idOf("old name");
  const { body } = await app.call("PATCH", `/tags/${tag}`, { body: { name: "new name", color: "red" } });
  expect(body.data).toMatchObject({ name: "new name", color: "red", links: 1 });
  const { data } = (await app.call("GET", `/links/${id}`)).body;
  expect([data.tags, data.version]).toEqual([["new name", "other"], version]);
  expect([await found("tag=new name"), await found("tag=old name")]).toEqual([[id], []]);
  expect([await found("search=new"), await found("search=old")]).toEqual([[id], []]);
  const other = await idOf("other");
  expect((await app.call("PATCH", `/tags/${other}`, { body: { name: "NEW name" } })).status).toBe(409);
});

test("merging gives the links of one tag the other, at once and for good; into itself is refused", async () => {
  const [one, both, two] = [await link(["from", "x"]), await link(["from", "into"]), await link(["into"])];
  const [from, into] = [await idOf("from"), await idOf("into")];
  const merge = (id: string, body: object) => app.call("POST", `/tags/${id}/merge`, { body });
  const itself = await merge(from, { into: from });
  expect([itself.status, itself.body.error.details[0].path]).toEqual([400, "/into"]);
  expect((await merge(from, { into: "tag_none" })).body.error.details[0].path).toBe("/into");
  expect((await merge(from, { into })).body.data).toMatchObject({ id: into, name: "into" });
  const settled = async () => {
    expect([await tagsOf(one.id), await tagsOf(both.id), await tagsOf(two.id)]).toEqual([
      ["into", "x"],
      ["into"],
      ["into"],
    ]);
    expect(await found("tag=into")).toEqual([one.id, both.id, two.id]);
    expect(await found("search=into")).toEqual([one.id, both.id, two.id]);
    expect((await app.call("GET", `/tags/${from}`)).status).toBe(404);
  };
  await settled();
  await app.app.worker.idle();
  await settled();
  expect(await all()).toEqual({ into: 3, x: 1 });
  // The name is nobody's now.
  expect((await app.call("POST", "/tags", { body: { name: "from" } })).status).toBe(201);
  expect(await app.db.read.$count(app.db.tables.tags)).toBe(3);
});

test("a tag that is merged on before its links were told takes them along", async () => {
  const { id } = await link(["a"]);
  await link(["b", "c"]);
  const [a, b, c] = [await idOf("a"), await idOf("b"), await idOf("c")];
  await app.call("POST", `/tags/${a}/merge`, { body: { into: b } });
  await app.call("POST", `/tags/${b}/merge`, { body: { into: c } });
  expect(await tagsOf(id)).toEqual(["c"]);
  await app.app.worker.idle();
  expect([await tagsOf(id), await all()]).toEqual([["c"], { c: 2 }]);
});

test("a deleted tag is on no link from its end on, in search neither", async () => {
  const { id } = await link(["gone", "kept"]);
  await app.call("DELETE", `/tags/${await idOf("gone")}`);
  for (const when of ["at once", "when its links were told"]) {
    expect([when, await tagsOf(id), await found("tag=gone"), await found("search=gone")]).toEqual([
      when,
      ["kept"],
      [],
      [],
    ]);
    await app.app.worker.idle();
  }
  const { tags, linkTags } = app.db.tables;
  expect([await app.db.read.$count(tags), await app.db.read.$count(linkTags)]).toEqual([1, 1]);
});

test("a tag counts its links as they are archived, trashed, restored and destroyed", async () => {
  const [one, two] = [await link(["t"]), await link(["t"])];
  const counts = async () => (await all())["t"];
  await app.call("POST", `/links/${one.id}/archive`);
  expect(await counts()).toBe(2);
  await app.call("DELETE", `/links/${two.id}`);
  expect(await counts()).toBe(1);
  await app.call("POST", `/links/${two.id}/restore`);
  expect(await counts()).toBe(2);
  await app.call("DELETE", `/links/${two.id}?permanent=true`);
  expect(await counts()).toBe(1);
});

test("many links are tagged, untagged and moved in one call, each with its own result and its own event", async () => {
  const ids = [];
  for (let i = 0; i < 120; i++) ids.push((await link(i % 2 ? ["old"] : [], { externalId: `e${i}` })).id);
  await app.call("DELETE", `/links/${ids[0]}`);
  const folder = (await app.call("POST", "/folders", { body: { name: "F" } })).body.data.id;
  const body = {
    links: [...ids, "ext_e5", "link_none"],
    addTags: ["New"],
    removeTags: ["OLD"],
    folderId: folder,
  };
  const { data } = (await app.call("POST", "/links/sort", { body })).body;
  expect(data.changed).toBe(119);
  expect([data.results[0].error.code, data.results[1].result]).toEqual(["CONFLICT", "changed"]);
  expect(data.results.slice(-2)).toEqual([
    { link: "ext_e5", result: "unchanged" },
    { link: "link_none", result: "refused", error: { code: "NOT_FOUND", message: expect.any(String) } },
  ]);
  const one = (await app.call("GET", `/links/${ids[1]}`)).body.data;
  expect([one.tags, one.folderId, one.version]).toEqual([["New"], folder, 2]);
  expect((await app.events()).filter((type) => type === "link.updated")).toHaveLength(119);
  expect((await all())["old"]).toBe(0);
  const much = await app.call("POST", "/links/sort", {
    body: { links: Array.from({ length: 1001 }, String) },
  });
  expect([much.status, much.body.error.details[0].path]).toEqual([400, "/links"]);
});

test("another workspace has tags of its own, and sees none of these", async () => {
  const key = await app.stranger();
  await link(["mine"]);
  await app.call("POST", "/links", { key, body: { destinationUrl: "https://example.com/", tags: ["mine"] } });
  const theirs = (await app.call("GET", "/tags", { key })).body.data;
  expect(theirs.map(({ links }: { links: number }) => links)).toEqual([1]);
  expect(theirs[0].id).not.toBe(await idOf("mine"));
  const stolen = await app.call("POST", `/tags/${theirs[0].id}/merge`, {
    body: { into: await idOf("mine") },
  });
  expect(stolen.status).toBe(404);
});
