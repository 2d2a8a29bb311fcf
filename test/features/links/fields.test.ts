import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const make = (fields: Record<string, unknown> = {}) =>
  app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...fields } });
const link = async (fields: Record<string, unknown> = {}) => {
  const { status, body } = await make(fields);
  expect([status, body.error?.details]).toEqual([201, undefined]);
  return body.data;
};
const patch = (id: string, body: unknown) => app.call("PATCH", `/links/${id}`, { body });
const visit = (slug: string, init?: RequestInit) => app.visit(`http://links.test/${slug}`, init);
const idsOf = async (query: string): Promise<string[]> =>
  (await app.call("GET", `/links?limit=100&${query}`)).body.data.map((one: { id: string }) => one.id).sort();
const stored = async (id: string) => {
  const { links } = app.db.tables;
  const [row] = await app.db.read
    .select()
    .from(links)
    .where(eq(links.id, id as "link_"));
  return row!;
};

test("a link that was told nothing has nothing, and stores nothing", async () => {
  const made = await link();
  expect(made).toMatchObject({
    enabled: true,
    notes: null,
    startsAt: null,
    redirectMode: "auto",
    customData: {},
  });
  const { links } = app.db.tables;
  const bare = await app.db.read.select({ id: links.id }).from(links).where(eq(links.id, made.id));
  expect(bare).toHaveLength(1);
  expect((await stored(made.id)).options).toBeNull();
});

test("a field that is told what it is anyway, or cleared, leaves nothing behind", async () => {
  const same = await link({ redirectMode: "auto", customData: {} });
  expect((await stored(same.id)).options).toBeNull();
  const { id } = await link({ customData: { team: "growth" }, redirectMode: "always", notes: "mine" });
  expect((await stored(id)).options).toEqual({ redirectMode: "always", customData: { team: "growth" } });
  const { body } = await patch(id, { customData: null, redirectMode: null, notes: null });
  expect(body.data).toMatchObject({ customData: {}, redirectMode: "auto", notes: null, version: 2 });
  expect((await stored(id)).options).toBeNull();
  // Once more changes nothing.
  expect((await patch(id, { customData: {}, redirectMode: "auto" })).body.data.version).toBe(2);
});

test("a patch changes the options that it names and leaves the others, and the event tells what was before", async () => {
  const { id } = await link({ customData: { a: "1" }, redirectMode: "always" });
  const { body } = await patch(id, { customData: { b: "2" } });
  expect(body.data).toMatchObject({ customData: { b: "2" }, redirectMode: "always" });
  const { events } = app.db.tables;
  const [last] = (await app.db.read.select().from(events).orderBy(events.id)).slice(-1);
  expect((last!.data as { previous: unknown }).previous).toMatchObject({ customData: { a: "1" } });
});

describe("switched off", () => {
  test("a link answers like one that is not there, from the next visit on, and comes back", async () => {
    const { id, slug } = await link();
    expect((await visit(slug)).status).toBe(302);
    await patch(id, { enabled: false });
    const [off, missing] = await Promise.all([visit(slug), visit("no-such-slug")]);
    expect([off.status, await off.text()]).toEqual([404, await missing.text()]);
    await patch(id, { enabled: true });
    expect((await visit(slug)).status).toBe(302);
  });

  test("links are listed and counted apart", async () => {
    const workspace = await testApp();
    const on = (
      await workspace.call("POST", "/links", { body: { destinationUrl: "https://e.co/1", enabled: true } })
    ).body.data.id;
    const off = (
      await workspace.call("POST", "/links", { body: { destinationUrl: "https://e.co/2", enabled: false } })
    ).body.data.id;
    const list = async (query: string) => (await workspace.call("GET", `/links?${query}`)).body;
    for (const sortBy of ["createdAt", "clicks"]) {
      expect(
        (await list(`enabled=false&sortBy=${sortBy}`)).data.map((one: { id: string }) => one.id),
      ).toEqual([off]);
      expect((await list(`enabled=true&sortBy=${sortBy}`)).data.map((one: { id: string }) => one.id)).toEqual(
        [on],
      );
    }
    expect((await workspace.call("GET", "/links/count?enabled=false")).body.data).toEqual({ count: 1 });
    await workspace.close();
  });
});

test("notes are found by search", async () => {
  const { id } = await link({ notes: "Asked for by the Zürich office" });
  expect(await idsOf("search=zürich")).toEqual([id]);
  await patch(id, { notes: "none" });
  expect(await idsOf("search=zürich")).toEqual([]);
});

describe("a start", () => {
  test("hides the link until its moment, however hot it is in memory", async () => {
    const startsAt = new Date(app.clock.now() + 60_000).toISOString();
    const { slug } = await link({ startsAt });
    for (let i = 0; i < 6; i++) expect((await visit(slug)).status).toBe(404);
    app.clock.advance(59_999);
    expect((await visit(slug)).status).toBe(404);
    app.clock.advance(1);
    for (let i = 0; i < 6; i++) expect((await visit(slug)).status).toBe(302);
  });

  test("behind the end is refused, whichever of the two is told last", async () => {
    const [early, late] = ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"];
    const refused = await make({ startsAt: late, expiresAt: early });
    expect([refused.status, refused.body.error?.details[0].path]).toEqual([400, "/startsAt"]);
    const { id } = await link({ startsAt: early, expiresAt: late });
    expect((await patch(id, { expiresAt: early })).status).toBe(400);
    expect((await patch(id, { startsAt: late })).status).toBe(400);
    expect((await patch(id, { startsAt: "2030-02-31T00:00:00Z" })).body.error.details[0].path).toBe(
      "/startsAt",
    );
  });
});

describe("the redirect mode", () => {
  test("never: 204 and nothing else, with a destination and without", async () => {
    for (const destinationUrl of [null, "https://example.com/"]) {
      const { slug, ...made } = await link({ destinationUrl, redirectMode: "never" });
      expect(made.destinationUrl).toBe(destinationUrl);
      const answer = await visit(slug);
      expect([answer.status, answer.headers.get("location"), await answer.text()]).toEqual([204, null, ""]);
      expect(answer.headers.get("cache-control")).toBe("private, no-store");
    }
  });

  test("rule_only: without a rule that holds, the answer of the domain for what is missing", async () => {
    const { slug } = await link({ destinationUrl: null, redirectMode: "rule_only" });
    expect((await visit(slug)).status).toBe(404);
    const other = await link({ redirectMode: "rule_only" });
    expect((await visit(other.slug)).status).toBe(404);
  });

  test("always and auto lead to the destination, and are refused without one", async () => {
    for (const redirectMode of ["auto", "always"]) {
      expect((await visit((await link({ redirectMode })).slug)).headers.get("location")).toBe(
        "https://example.com/",
      );
      const refused = await make({ redirectMode, destinationUrl: null });
      expect([refused.status, refused.body.error.details[0].path]).toEqual([400, "/destinationUrl"]);
      const { id } = await link({ redirectMode: "never", destinationUrl: null });
      expect((await patch(id, { redirectMode })).body.error.details[0].path).toBe("/destinationUrl");
      expect((await patch(id, { redirectMode, destinationUrl: "https://e.co/" })).status).toBe(200);
      expect((await patch(id, { destinationUrl: null })).status).toBe(400);
    }
    expect((await make({ destinationUrl: null })).status).toBe(400);
  });

  test("links without a destination are nobody's existing link", async () => {
    const one = await link({ destinationUrl: null, redirectMode: "never", findExisting: true });
    const two = await link({ destinationUrl: null, redirectMode: "never", findExisting: true });
    expect(one.id).not.toBe(two.id);
  });
});

describe("custom data", () => {
  test("travels with the link, whatever stands in it", async () => {
    const customData = {
      team: "growth",
      "naïve key / with ünicode": '"quoted" \\ 🦊',
      empty: "",
      constructor: "c",
    };
    const made = await link({ customData });
    expect(made.customData).toEqual(customData);
    expect((await app.call("GET", `/links/${made.id}`)).body.data.customData).toEqual(customData);
  });

  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "v"]));
  test.each([
    ["fifty pairs are taken", pairs(50), 201],
    ["fifty-one are not", pairs(51), 400],
    ["a key of 64 is taken", { ["k".repeat(64)]: "v" }, 201],
    ["one of 65 is not", { ["k".repeat(65)]: "v" }, 400],
    ["an empty key is not", { "": "v" }, 400],
    ["a value of 500 is taken", { k: "v".repeat(500) }, 201],
    ["one of 501 is not", { k: "v".repeat(501) }, 400],
    ["a number is not", { k: 1 }, 400],
    ["a list is not", ["v"], 400],
    ["nothing is nested", { k: { k: "v" } }, 400],
  ])("%s", async (_, customData, status) => {
    const answer = await make({ customData });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body.error.details[0].path).toStartWith("/customData");
  });

  test("no key reaches for the prototype", async () => {
    const { status } = await app.call("POST", "/links", {
      body: '{"destinationUrl":"https://example.com/","customData":{"__proto__":"x"}}',
    });
    expect(status).toBe(400);
  });
});
