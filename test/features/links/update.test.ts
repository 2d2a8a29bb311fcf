import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

async function link(fields: Record<string, unknown> = {}) {
  const { body } = await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", ...fields },
  });
  return body.data as { id: string; slug: string };
}
const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  app.call("PATCH", `/links/${id}`, { body, headers });

test("a patch changes what it names, null clears, and the event tells what was before", async () => {
  const { id } = await link({ title: "old", description: "stays", tags: ["a"], clicksLimit: 3 });
  const { status, body } = await patch(id, { title: "new", clicksLimit: null, tags: ["b"] });
  expect(status).toBe(200);
  expect(body.data).toMatchObject({
    title: "new",
    description: "stays",
    clicksLimit: null,
    tags: ["b"],
    version: 2,
  });
  const { events } = app.db.tables;
  const rows = await app.db.read.select().from(events).orderBy(events.id);
  const last = rows.filter(({ type }) => type === "link.updated").at(-1);
  expect(last?.data).toMatchObject({
    title: "new",
    previous: { title: "old", clicksLimit: 3, tags: ["a"], version: 1 },
  });
});

test("an edit is live before its answer: the next visitor goes where it says, by the new slug alone", async () => {
  const { id } = await link({ slug: "before" });
  expect((await app.visit("http://links.test/before")).headers.get("location")).toBe("https://example.com/");
  await patch(id, { destinationUrl: "https://example.com/two" });
  expect((await app.visit("http://links.test/before")).headers.get("location")).toBe(
    "https://example.com/two",
  );
  await patch(id, { slug: "after" });
  expect((await app.visit("http://links.test/before")).status).toBe(404);
  expect((await app.visit("http://links.test/After")).headers.get("location")).toBe(
    "https://example.com/two",
  );
});

test("of fifty edits of one state one is taken, and forty-nine are told to read again", async () => {
  const { id } = await link();
  const etag = (await app.call("GET", `/links/${id}`)).headers.get("etag")!;
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => patch(id, { title: `t${i}` }, { "if-match": etag })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(49);
  expect(answers.find(({ status }) => status === 412)?.body.error.code).toBe("PRECONDITION_FAILED");
});

test("the ETag changes with every edit and never without; a client that has it gets 304 and no body", async () => {
  const { id } = await link();
  const one = await app.call("GET", `/links/${id}`);
  const etag = one.headers.get("etag")!;
  expect((await app.call("GET", `/links/${id}`)).headers.get("etag")).toBe(etag);
  const known = await app.call("GET", `/links/${id}`, { headers: { "if-none-match": `W/${etag}` } });
  expect([known.status, known.text, known.headers.get("etag")]).toEqual([304, "", etag]);
  expect((await patch(id, { title: "x" }, { "if-match": `W/${etag}` })).status).toBe(412);
  const { headers } = await patch(id, { title: "x" }, { "if-match": "*" });
  expect(headers.get("etag")).not.toBe(etag);
});

test("an edit that is refused changes nothing", async () => {
  const { id } = await link({ title: "kept" });
  await link({ slug: "taken" });
  expect((await patch(id, { title: "lost", slug: "TAKEN" })).body.error.code).toBe("SLUG_TAKEN");
  expect((await patch(id, { title: "lost", destinationUrl: "http://links.test/x" })).status).toBe(400);
  expect((await patch(id, { version: 9 })).body.error.details[0].path).toBe("/version");
  const { body } = await app.call("GET", `/links/${id}`);
  expect(body.data).toMatchObject({ title: "kept", version: 1 });
});

test("archived links still redirect and leave the lists", async () => {
  const { id, slug } = await link();
  const archived = await app.call("POST", `/links/${id}/archive`);
  expect(archived.body.data.archivedAt).not.toBeNull();
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(302);
  const ids = async (query: string) =>
    (await app.call("GET", `/links?limit=100${query}`)).body.data.map((one: { id: string }) => one.id);
  expect(await ids("")).not.toContain(id);
  expect(await ids("&archived=true")).toContain(id);
  expect(await ids("&archived=any")).toContain(id);
  await app.call("POST", `/links/${id}/unarchive`);
  expect(await ids("")).toContain(id);
  expect((await app.events()).slice(-2)).toEqual(["link.archived", "link.unarchived"]);
});

test("a deleted link rests in the trash: no redirect, no edits, its slug kept, and it comes back whole", async () => {
  const { id, slug } = await link({ tags: ["kept"] });
  expect((await app.call("DELETE", `/links/${id}`)).body.message).toBe("Link moved to the trash");
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(404);
  expect((await patch(id, { title: "x" })).status).toBe(409);
  expect((await app.call("POST", `/links/${id}/archive`)).status).toBe(409);
  expect(
    (await app.call("POST", "/links", { body: { destinationUrl: "https://e.co", slug } })).body.error.code,
  ).toBe("SLUG_TAKEN");
  expect(
    (await app.call("GET", "/links?deleted=true&limit=100")).body.data.map((one: { id: string }) => one.id),
  ).toContain(id);
  const restored = await app.call("POST", `/links/${id}/restore`);
  expect(restored.body.data).toMatchObject({ deletedAt: null, tags: ["kept"] });
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(302);
});

test("a purged link is gone, and its slug is free", async () => {
  const { id, slug } = await link();
  expect((await app.call("DELETE", `/links/${id}?permanent=true`)).body.message).toBe("Link destroyed");
  expect((await app.call("GET", `/links/${id}`)).status).toBe(404);
  expect((await app.visit(`http://links.test/${slug}`)).status).toBe(404);
  expect((await app.call("POST", "/links", { body: { destinationUrl: "https://e.co", slug } })).status).toBe(
    201,
  );
  expect((await app.events()).slice(-2)).toEqual(["link.purged", "link.created"]);
});

test("another workspace finds no link by any name, and changes none", async () => {
  const { id, slug } = await link({ externalId: "mine" });
  const key = await app.stranger();
  for (const name of [id, "ext_mine", `${slug}?domain=links.test`]) {
    expect((await app.call("GET", `/links/${name}`, { key })).status).toBe(404);
    expect((await app.call("PATCH", `/links/${name}`, { key, body: { title: "x" } })).status).toBe(404);
    expect((await app.call("DELETE", `/links/${name}`, { key })).status).toBe(404);
  }
  for (const move of ["archive", "unarchive", "restore"])
    expect((await app.call("POST", `/links/${id}/${move}`, { key })).status).toBe(404);
});

test("a link is found by id, by external id, and by domain and slug", async () => {
  const { id } = await link({ slug: "ä/b", externalId: "ext-7" });
  const found = async (name: string) => (await app.call("GET", `/links/${name}`)).body?.data?.id;
  expect(await found(id)).toBe(id);
  expect(await found("ext_ext-7")).toBe(id);
  expect(await found("%C3%84%2Fb?domain=links.test")).toBe(id);
  expect(await found("%C3%A4%2Fb")).toBeUndefined();
});

test("an edit that changes nothing is none: no version, no ETag, no event", async () => {
  const { id } = await link({ title: "same", tags: ["a"] });
  const before = await app.events();
  for (const [method, path, body] of [
    ["PATCH", `/links/${id}`, {}],
    ["PATCH", `/links/${id}`, { title: "same", tags: ["a"], destinationUrl: "https://EXAMPLE.com" }],
    ["POST", `/links/${id}/unarchive`, undefined],
    ["POST", `/links/${id}/restore`, undefined],
  ] as const) {
    const { status, body: answer } = await app.call(method, path, body === undefined ? {} : { body });
    expect([path, status, answer.data.version]).toEqual([path, 200, 1]);
  }
  expect(await app.events()).toEqual(before);
});

test("a link that was archived before it was deleted is found in the trash", async () => {
  const { id } = await link();
  await app.call("POST", `/links/${id}/archive`);
  await app.call("DELETE", `/links/${id}`);
  const { body } = await app.call("GET", "/links?deleted=true&limit=100");
  expect(body.data.map((one: { id: string }) => one.id)).toContain(id);
});
