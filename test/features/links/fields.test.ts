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

  test("a link that leads nowhere does not lead back here, whatever became of its destination", async () => {
    const never = await link({ destinationUrl: "https://later-ours.example/x", redirectMode: "never" });
    const auto = await link({ destinationUrl: "https://later-ours.example/x" });
    await app.call("POST", "/domains", { body: { host: "later-ours.example" } });
    expect([(await visit(never.slug)).status, (await visit(auto.slug)).status]).toEqual([204, 508]);
    await app.call("DELETE", "/domains/later-ours.example");
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

describe("campaign parameters", () => {
  const locationOf = async (fields: Record<string, unknown>, query = "") =>
    (await visit(`${(await link(fields)).slug}${query}`)).headers.get("location");

  test.each([
    [
      { source: "news", medium: "email" },
      "",
      "https://example.com/?a=1&utm_source=news&utm_medium=email#top",
    ],
    [{ source: "a b&c=ü" }, "", "https://example.com/?a=1&utm_source=a%20b%26c%3D%C3%BC#top"],
    [{ source: null, medium: "" }, "", "https://example.com/?a=1#top"],
    [{ source: "news" }, "?utm_source=mine&x=1", "https://example.com/?a=1&utm_source=mine&x=1#top"],
  ])("%j with %j", async (utm, query, expected) => {
    expect(await locationOf({ destinationUrl: "https://example.com/?a=1#top", utm }, query)).toBe(expected);
  });

  test("replace those of the destination, and are not in the destination that is shown", async () => {
    const destinationUrl = "https://example.com/?utm_source=old&x=1";
    const made = await link({ destinationUrl, utm: { source: "new" } });
    expect(made.destinationUrl).toBe(destinationUrl);
    expect((await visit(made.slug)).headers.get("location")).toBe("https://example.com/?x=1&utm_source=new");
  });

  test("have their placeholders filled in when they are saved, once", async () => {
    const made = await link({
      slug: "filled",
      title: "{slug} & co",
      externalId: "ext-77",
      utm: {
        source: "{domain}",
        medium: "{externalId}",
        campaign: "{year}-{month}-{day} {date}",
        term: "{title}",
        content: "x{slug}y {1}",
      },
    });
    const date = new Date(app.clock.now()).toISOString().slice(0, 10);
    const utm = {
      source: "links.test",
      medium: "ext-77",
      campaign: `${date} ${date}`,
      term: "{slug} & co",
      content: "xfilledy {1}",
    };
    expect(made.utm).toEqual(utm);
    app.clock.advance(86_400_000);
    expect((await patch(made.id, { slug: "filled-2" })).body.data.utm).toEqual(utm);
  });

  test.each([
    ["an unknown placeholder", { source: "{country}" }, "/utm/source"],
    ["one that outgrows its place", { term: "{title}{title}" }, "/utm/term"],
    ["more than a parameter holds", { source: "x".repeat(256) }, "/utm"],
    ["a parameter that is none", { id: "x" }, "/utm"],
  ])("refuse %s", async (_, utm, path) => {
    const { status, body } = await make({ utm, title: "x".repeat(200) });
    expect([status, body.error.details[0].path.startsWith(path)]).toEqual([400, true]);
  });

  test.each([
    [{ forwardQuery: true, forwardUtm: false }, "https://example.com/?x=1"],
    [{ forwardQuery: false, forwardUtm: true }, "https://example.com/?utm_source=a"],
    [{ forwardQuery: true, forwardUtm: true }, "https://example.com/?utm_source=a&x=1"],
    [{ forwardQuery: false, forwardUtm: false }, "https://example.com/"],
    [{ forwardQuery: false }, "https://example.com/"],
  ])("of a visitor are handed on as %j says", async (fields, expected) => {
    for (let i = 0; i < 2; i++) expect(await locationOf(fields, "?utm_source=a&x=1")).toBe(expected);
  });
});

describe("a path behind the slug", () => {
  test("leads below the destination from the first such link of a domain on, and ends with it", async () => {
    expect((await visit("below/a/b")).status).toBe(404);
    const { id } = await link({
      slug: "below",
      destinationUrl: "https://example.com/docs?x=1",
      forwardPath: true,
    });
    const at = async (path: string) => (await visit(path)).headers.get("location");
    expect(await at("below/a/b?y=2")).toBe("https://example.com/docs/a/b?x=1&y=2");
    expect(await at("below")).toBe("https://example.com/docs?x=1");
    await patch(id, { destinationUrl: "https://example.com/new" });
    expect(await at("below/a/b")).toBe("https://example.com/new/a/b");
    await patch(id, { forwardPath: false });
    expect((await visit("below/a/b")).status).toBe(404);
  });

  test("is known to a process that starts later", async () => {
    await link({ slug: "before-the-start", forwardPath: true });
    const second = await testApp({ beside: app });
    const answer = await second.visit("http://links.test/before-the-start/a");
    expect(answer.headers.get("location")).toBe("https://example.com/a");
    await second.close();
  });
});

describe("an end", () => {
  test("by duration counts from the link's making, shows its moment, and is found by the filter", async () => {
    const made = await link({ expiresAfterSeconds: 60 });
    expect(made.expiresAt).toBe(new Date(Date.parse(made.createdAt) + 60_000).toISOString());
    app.clock.advance(30_000);
    const longer = (await patch(made.id, { expiresAfterSeconds: 90 })).body.data;
    expect(longer.expiresAt).toBe(new Date(Date.parse(made.createdAt) + 90_000).toISOString());
    app.clock.advance(59_999);
    expect((await visit(made.slug)).status).toBe(302);
    expect(await idsOf("expired=true")).not.toContain(made.id);
    app.clock.advance(1);
    expect((await visit(made.slug)).status).toBe(410);
    expect(await idsOf("expired=true")).toContain(made.id);
    expect((await patch(made.id, { expiresAfterSeconds: null })).body.data).toMatchObject({
      expiresAt: null,
      expiresAfterSeconds: null,
    });
    expect((await visit(made.slug)).status).toBe(302);
  });

  test("is said in one way: a date takes the place of a duration, and two different ends are refused", async () => {
    const { id, expiresAt } = await link({ expiresAfterSeconds: 60 });
    const at = "2040-01-01T00:00:00.000Z";
    expect((await make({ expiresAfterSeconds: 60, expiresAt: at })).body.error.details[0].path).toBe(
      "/expiresAfterSeconds",
    );
    // What was read may be sent back whole.
    expect((await patch(id, { expiresAfterSeconds: 60, expiresAt })).body.data.version).toBe(1);
    expect((await patch(id, { expiresAt: at })).body.data).toMatchObject({
      expiresAt: at,
      expiresAfterSeconds: null,
    });
    expect((await patch(id, { expiresAfterSeconds: null })).body.data.expiresAt).toBe(at);
    for (const expiresAfterSeconds of [0, -1, 1.5, 315_360_001])
      expect((await make({ expiresAfterSeconds })).status).toBe(400);
  });

  test("after one click is a limit of one", async () => {
    expect(await link({ oneTime: true })).toMatchObject({ oneTime: true, clicksLimit: 1 });
    expect(await link({ clicksLimit: 1 })).toMatchObject({ oneTime: true });
    const { id } = await link({ clicksLimit: 5 });
    const told = async (body: object) => {
      const { data } = (await patch(id, body)).body;
      return [data.oneTime, data.clicksLimit];
    };
    expect(await told({ oneTime: false })).toEqual([false, 5]);
    expect(await told({ oneTime: true })).toEqual([true, 1]);
    expect(await told({ oneTime: true, clicksLimit: 1 })).toEqual([true, 1]);
    expect(await told({ oneTime: false })).toEqual([false, null]);
    for (const body of [
      { oneTime: true, clicksLimit: 2 },
      { oneTime: true, clicksLimit: null },
      { oneTime: false, clicksLimit: 1 },
    ])
      expect((await patch(id, body)).body.error.details[0].path).toBe("/oneTime");
  });
});

describe("what a link costs", () => {
  test.each([
    [{ model: "cpc", amount: 0.25, currency: "EUR" }, 201],
    [{ model: "cpm", amount: 0.0001, currency: "JPY" }, 201],
    [{ model: "revshare", amount: 12.5 }, 201],
    [{ model: "cpc", amount: 0.00001, currency: "EUR" }, 400],
    [{ model: "cpc", amount: 1 }, 400],
    [{ model: "cpc", amount: -1, currency: "EUR" }, 400],
    [{ model: "cpc", amount: 1, currency: "eur" }, 400],
    [{ model: "cpx", amount: 1, currency: "EUR" }, 400],
    [{ model: "revshare", amount: 101 }, 400],
    [{ model: "revshare", amount: 10, currency: "EUR" }, 400],
    [{ model: "cpc", amount: 1, currency: "EUR", more: 1 }, 400],
  ])("%j is answered %p", async (cost, status) => {
    const answer = await make({ cost });
    expect(answer.status).toBe(status);
    if (status === 201) expect(answer.body.data.cost).toEqual({ currency: null, ...cost });
    else expect(answer.body.error.details[0].path).toStartWith("/cost");
  });

  test("and whether its numbers are public is kept, and cleared", async () => {
    const { id, publicStats } = await link({ publicStats: true, cost: { model: "revshare", amount: 1 } });
    expect(publicStats).toBe(true);
    expect((await patch(id, { publicStats: null, cost: null })).body.data).toMatchObject({
      publicStats: false,
      cost: null,
    });
  });
});

describe("a password", () => {
  const form = (password: string, address?: string): RequestInit => ({
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      ...(address ? { "x-forwarded-for": address } : {}),
    },
    body: new URLSearchParams({ password }).toString(),
  });

  test("is asked for, opens the link, and stands nowhere", async () => {
    const secret = "Öffne-dich-777";
    const made = await link({ password: secret, destinationUrl: "https://hidden.example/" });
    expect(made).toMatchObject({ hasPassword: true });
    const page = await (await visit(made.slug)).text();
    expect(page).toContain('<form method="post">');
    expect(page).not.toContain("hidden.example");
    expect((await visit(made.slug, form("wrong"))).status).toBe(403);
    // As another keyboard writes it.
    const opened = await visit(made.slug, form(secret.normalize("NFD")));
    expect([opened.status, opened.headers.get("location")]).toEqual([303, "https://hidden.example/"]);
    const cookie = opened.headers.get("set-cookie")!.split(";")[0]!;
    expect((await visit(made.slug, { headers: { cookie } })).status).toBe(302);
    const { events } = app.db.tables;
    const everything = JSON.stringify([made, await app.db.read.select().from(events), await stored(made.id)]);
    expect(everything).not.toContain(secret);
    expect((await stored(made.id)).passwordHash).toStartWith("$argon2id$");
    // Who knows the old password is asked for the new one.
    await patch(made.id, { password: "another-one" });
    expect((await visit(made.slug, { headers: { cookie } })).status).toBe(200);
    expect((await patch(made.id, { password: null })).body.data.hasPassword).toBe(false);
    expect((await visit(made.slug)).status).toBe(302);
    // The hash is no business of events either.
    expect(JSON.stringify(await app.db.read.select().from(events))).not.toContain("argon2id");
  }, 20_000);

  test("that is too short or too long is refused by name, and not repeated", async () => {
    for (const password of ["abc", "x".repeat(129), 1234]) {
      const { status, body, text } = await make({ password });
      expect([status, body.error.details[0].path]).toEqual([400, "/password"]);
      expect(text).not.toContain("x".repeat(129));
    }
  });

  test("is no part of what a retry is known by", async () => {
    const headers = { "idempotency-key": "with-password" };
    const body = { destinationUrl: "https://example.com/", password: "first-one" };
    const first = await app.call("POST", "/links", { body, headers });
    const again = await app.call("POST", "/links", { body: { ...body, password: "other" }, headers });
    expect([again.status, again.body.data.id]).toEqual([201, first.body.data.id]);
  });
});

test("of two hundred guesses an address has ten compared in a quarter of an hour, and a link a hundred an hour", async () => {
  const throttled = await testApp({ env: { WAYPOST_TRUSTED_PROXIES: "127.0.0.0/8" } });
  const { throttles } = throttled.db.tables;
  const { body } = await throttled.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", slug: "shut", password: "only-this" },
  });
  const { passwordHash } = (await throttled.db.read.select().from(throttled.db.tables.links))[0]!;
  expect(passwordHash).toStartWith("$argon2id$");
  // One that costs nothing to compare: what is counted is how often it is.
  const cheap = await Bun.password.hash("only-this", { algorithm: "argon2id", memoryCost: 8, timeCost: 1 });
  await throttled.db.transaction((tx) => tx.update(throttled.db.tables.links).set({ passwordHash: cheap }));
  const guess = async (address: string, password = "wrong") =>
    (
      await throttled.visit("http://links.test/shut", {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-forwarded-for": address,
        } as Record<string, string>,
        body: `password=${password}`,
      })
    ).status;
  const count = (statuses: number[], status: number) => statuses.filter((one) => one === status).length;
  const one: number[] = [];
  for (let i = 0; i < 20; i++) one.push(await guess("203.0.113.1"));
  expect([count(one, 403), count(one, 429)]).toEqual([10, 10]);
  expect(await guess("203.0.113.1", "only-this")).toBe(429);
  // Who knows it is not kept out by that, however often they come.
  for (let i = 0; i < 12; i++) expect(await guess("203.0.113.2", "only-this")).toBe(303);
  const many: number[] = [];
  for (let i = 0; i < 180; i++) many.push(await guess(`198.51.100.${i}`));
  expect([count(many, 403), count(many, 429)]).toEqual([90, 90]);
  throttled.clock.advance(15 * 60_000);
  expect(await guess("203.0.113.1")).toBe(429);
  throttled.clock.advance(45 * 60_000);
  expect(await guess("203.0.113.1", "only-this")).toBe(303);
  expect((await throttled.db.read.select().from(throttles)).length).toBeGreaterThan(0);
  expect(body.data.hasPassword).toBe(true);
  await throttled.close();
}, 60_000);
