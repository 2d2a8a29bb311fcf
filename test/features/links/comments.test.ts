import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const link = async (): Promise<string> =>
  (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } })).body.data.id;
const say = (id: string, text: unknown) => app.call("POST", `/links/${id}/comments`, { body: { text } });
const textsOf = async (id: string, query = ""): Promise<string[]> =>
  (await app.call("GET", `/links/${id}/comments?${query}`)).body.data.map(
    (one: { text: string }) => one.text,
  );

test("comments stand beside their link in the order they were written, with who wrote them, and change no version", async () => {
  const id = await link();
  for (const text of ["one", " two ", "three\nlines"]) expect((await say(id, text)).status).toBe(201);
  expect(await textsOf(id)).toEqual(["one", "two", "three\nlines"]);
  const { body } = await app.call("GET", `/links/${id}/comments?limit=2`);
  expect(body.pagination).toMatchObject({ total: 3, hasMore: true });
  expect(body.data[0]).toMatchObject({ linkId: id, createdBy: expect.stringMatching(/^key_/) });
  expect(await textsOf(id, `limit=2&cursor=${body.pagination.nextCursor}`)).toEqual(["three\nlines"]);
  expect(await textsOf(await link())).toEqual([]);
  expect((await app.call("GET", `/links/${id}`)).body.data.version).toBe(1);
});

test("a comment is taken away once, and only from its own link", async () => {
  const [id, other] = [await link(), await link()];
  const comment = (await say(id, "gone soon")).body.data.id;
  expect((await app.call("DELETE", `/links/${other}/comments/${comment}`)).status).toBe(404);
  expect((await app.call("DELETE", `/links/${id}/comments/${comment}`)).status).toBe(200);
  expect((await app.call("DELETE", `/links/${id}/comments/${comment}`)).status).toBe(404);
  expect(await textsOf(id)).toEqual([]);
  expect((await app.events()).slice(-2)).toEqual(["comment.created", "comment.deleted"]);
});

test.each([
  ["empty", ""],
  ["blank", " \n "],
  ["too long", "x".repeat(2001)],
  ["a number", 1],
])("a comment that is %s is refused", async (_, text) => {
  const { status, body } = await say(await link(), text);
  expect([status, body.error.details[0].path]).toEqual([400, "/text"]);
});

test("a link is destroyed with its comments", async () => {
  const id = await link();
  await say(id, "kept with the link");
  await app.call("DELETE", `/links/${id}?permanent=true`);
  const { linkComments } = app.db.tables;
  const left = await app.db.read.select().from(linkComments);
  expect(left.filter(({ linkId }) => linkId === id)).toEqual([]);
});

test("a visitor's link goes on while it is talked about: no comment drops it from memory", async () => {
  const { body } = await app.call("POST", "/links", {
    body: { destinationUrl: "https://e.co/", slug: "talk" },
  });
  await app.visit("http://links.test/talk");
  await say(body.data.id, "hm");
  expect((await app.visit("http://links.test/talk")).status).toBe(302);
});
