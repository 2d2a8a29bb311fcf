import { describe, expect, test } from "bun:test";
import { RouteCache } from "../../src/redirect/cache.ts";
import type { Route } from "../../src/redirect/snapshot.ts";
import { domainOf, linkOf, makeRedirect } from "./world.ts";

const url = (path: string) => `http://go.test/${path}`;

/** A cache whose lookups are answered by hand. */
function slowCache() {
  const waiting: { slug: string; answer: (route: Route | null) => void }[] = [];
  const cache = new RouteCache({
    resolve: (_, slug) => new Promise((answer) => waiting.push({ slug, answer })),
    linksMax: 10,
  });
  return { cache, waiting, look: (slug: string) => cache.lookUp(url(slug), "go.test", slug) };
}
const routeTo = (version: number): Route => ({ domain: domainOf(), link: linkOf({ version }) });

describe("what is in memory", () => {
  test("a link is looked up once, however often it is visited", () => {
    const { visit, lookups } = makeRedirect({ links: { a: linkOf() } });
    for (let i = 0; i < 3; i++) visit("/a?x=1");
    expect(lookups).toEqual(["go.test/a"]);
  });

  test("a miss and an unknown host are looked up once too", () => {
    const { visit, lookups } = makeRedirect({});
    for (let i = 0; i < 3; i++) {
      visit("/gone");
      visit("/x", { host: "other.test" });
    }
    expect(lookups).toEqual(["go.test/gone", "other.test/x"]);
  });

  test("dropping a link takes effect in every spelling of its URL", () => {
    const { visit, routes, links, lookups } = makeRedirect({ links: { ab: linkOf() } });
    const spellings = ["/ab", "/AB", "/ab/", "/%61b", "/aB", "/%41%42"];
    for (const path of spellings) visit(path);
    links.delete("ab");
    routes.drop("dom_1", "ab");
    for (const path of spellings) expect((visit(path) as Response).status).toBe(404);
    expect(lookups).toHaveLength(12);
  });

  test("a slug that was missing is found from the moment it is dropped", () => {
    const { visit, routes, links } = makeRedirect({});
    expect((visit("/new") as Response).status).toBe(404);
    links.set("new", linkOf());
    routes.drop("dom_1", "new");
    expect((visit("/new") as Response).status).toBe(302);
  });

  test("a link that is gone is looked up once, however often it is visited afterwards", () => {
    const { visit, routes, links, lookups } = makeRedirect({ links: { a: linkOf() } });
    visit("/a");
    links.delete("a");
    routes.drop("dom_1", "a");
    for (let i = 0; i < 100; i++) expect((visit("/a") as Response).status).toBe(404);
    expect(lookups).toHaveLength(2);
    expect(routes.size).toEqual({ links: 0, misses: 1, living: 1 });
  });

  test("dropping one link leaves the others in memory", () => {
    const { visit, routes, lookups } = makeRedirect({ links: { a: linkOf(), b: linkOf() } });
    visit("/a");
    visit("/b");
    routes.drop("dom_1", "a");
    routes.drop("dom_2", "b");
    visit("/b");
    expect(lookups).toHaveLength(2);
  });

  test("dropping a domain forgets its links and every unknown host", () => {
    const domains = [domainOf(), domainOf({ id: "dom_2", host: "two.test" })];
    const { visit, routes, lookups } = makeRedirect({ domains, links: { a: linkOf() } });
    const visitAll = () => ["go.test", "two.test", "new.test"].map((host) => visit("/a", { host }));
    visitAll();
    routes.dropDomain("dom_2");
    visitAll();
    expect(lookups.slice(3)).toEqual(["two.test/a", "new.test/a"]);
    routes.clear();
    visitAll();
    expect(lookups).toHaveLength(8);
  });

  test("a flood of misses and of odd spellings pushes no link out", () => {
    const { visit, lookups } = makeRedirect({ links: { abcdefgh: linkOf() } });
    visit("/abcdefgh");
    for (let i = 0; i < 500; i++) visit(`/miss-${i}`);
    const oddly = (bits: number) =>
      [..."abcdefgh"].map((letter, i) => ((bits >> i) & 1 ? letter.toUpperCase() : letter)).join("");
    for (let i = 0; i < 256; i++) visit(`/${oddly(i)}`);
    const before = lookups.length;
    visit("/abcdefgh");
    expect(lookups).toHaveLength(before);
  });

  test("a link that is visited often answers alike every time, until it changes", () => {
    const { visit, routes, links } = makeRedirect({ links: { a: linkOf({ status: 307 }) } });
    const seen = () => {
      const { status, headers } = visit("/a") as Response;
      return [status, headers.get("location"), headers.get("cache-control")];
    };
    for (let i = 0; i < 10; i++)
      expect(seen()).toEqual([307, "https://example.com/page", "private, no-store"]);
    expect(routes.find(url("a"))?.answer).not.toBeNull();
    links.set("a", linkOf({ location: "https://example.com/new" }));
    routes.drop("dom_1", "a");
    expect(seen()).toEqual([302, "https://example.com/new", "private, no-store"]);
  });

  test("memory stays bounded whatever is asked for", () => {
    const { visit, routes } = makeRedirect({
      links: Object.fromEntries(
        Array.from({ length: 300 }, (_, i) => [`l${i}`, linkOf({ id: `link_${i}` })]),
      ),
    });
    for (let i = 0; i < 300; i++) {
      visit(`/l${i}`);
      visit(`/miss${i}`);
      visit(`/x${i}`, { host: `h${i}.test` });
    }
    visit(`/${"x".repeat(5000)}`);
    expect(routes.size).toEqual({ links: 100, misses: 50, living: 150 });
  });
});

describe("a lookup that takes time", () => {
  test("the first answer serves everyone who waits", async () => {
    const { waiting, look } = slowCache();
    const both = [look("a"), look("a")];
    expect(waiting).toHaveLength(1);
    waiting[0]!.answer(routeTo(1));
    expect((await Promise.all(both)).map((kept) => kept.link?.version)).toEqual([1, 1]);
  });

  test("begun before a change, it does not bring the old link back", async () => {
    const { cache, waiting, look } = slowCache();
    const before = look("a");
    cache.drop("dom_1", "a");
    const after = look("a");
    waiting[1]!.answer(routeTo(2));
    expect((await after).link?.version).toBe(2);
    waiting[0]!.answer(routeTo(1));
    await before;
    expect(cache.find(url("a"))?.link?.version).toBe(2);
  });

  test("begun before everything was cleared, it is not kept", async () => {
    for (const forget of ["clear", "dropDomain"] as const) {
      const { cache, waiting, look } = slowCache();
      const before = look("a");
      cache[forget]("dom_1");
      waiting[0]!.answer(routeTo(1));
      await before;
      expect(cache.find(url("a"))).toBeUndefined();
    }
  });

  test("the change of another link does not keep it from being kept", async () => {
    const { cache, waiting, look } = slowCache();
    const lookup = look("a");
    cache.drop("dom_1", "b");
    waiting[0]!.answer(routeTo(1));
    await lookup;
    expect(cache.find(url("a"))?.live).toBe(true);
  });

  test("more changes than are remembered only make it be forgotten", async () => {
    const { cache, waiting, look } = slowCache();
    const lookup = look("a");
    cache.drop("dom_1", "a");
    for (let i = 0; i < 10_001; i++) cache.drop("dom_1", `other${i}`);
    waiting[0]!.answer(routeTo(1));
    await lookup;
    expect(cache.find(url("a"))).toBeUndefined();
  });

  test("one that failed is tried again", async () => {
    let calls = 0;
    const cache = new RouteCache({
      resolve: () => (calls++ === 0 ? Promise.reject(new Error("down")) : Promise.resolve(routeTo(1))),
      linksMax: 10,
    });
    await expect(Promise.resolve(cache.lookUp(url("a"), "go.test", "a"))).rejects.toThrow("down");
    expect((await cache.lookUp(url("a"), "go.test", "a")).link?.version).toBe(1);
  });
});
