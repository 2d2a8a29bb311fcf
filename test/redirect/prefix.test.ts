import { describe, expect, test } from "bun:test";
import { openMisses } from "../../src/redirect/misses.ts";
import { domainOf, extrasOf, linkOf, makeRedirect } from "./world.ts";

const takesPaths = (id: string) => linkOf({ id, extras: extrasOf({ forwardPath: true }) });
const domains = [domainOf({ forwardsPaths: true })];

describe.each([false, true])("a path behind a slug (answered later: %p)", (later) => {
  test.each([
    ["/summer/a/b", "https://example.com/page/a/b"],
    ["/Summer/a%20b/", "https://example.com/page/a%20b/"],
    ["/summer", "https://example.com/page"],
    ["/summer/", "https://example.com/page"],
    ["/summer//", "https://example.com/page/"],
    ["/summer/a?x=1#y", "https://example.com/page/a"],
    ["/deep/er/a", "https://example.com/page/a"],
    ["/deep/er", "https://example.com/page"],
  ])("%s leads to %s", async (path, location) => {
    const links = { summer: takesPaths("link_1"), "deep/er": takesPaths("link_2"), deep: linkOf() };
    const { visit } = makeRedirect({ domains, links, later });
    for (let i = 0; i < 3; i++) {
      const answer = await visit(path);
      expect([answer.status, answer.headers.get("location")]).toEqual([302, location]);
    }
  });

  test.each(["/plain/a", "/summer/../x/..%2f", "/summer/%2e%2e/a", "/other/a", "/a/b/c/d/e/f/g/h/i/j/k"])(
    "%s is not found",
    async (path) => {
      const links = { summer: takesPaths("link_1"), plain: linkOf() };
      const { visit, visits } = makeRedirect({ domains, links, later });
      expect((await visit(path)).status).toBe(404);
      expect(visits.at(-1)?.outcome).toBe("not_found");
    },
  );

  test("the longest slug that is a link decides, also when it takes no path", async () => {
    const links = { a: takesPaths("link_1"), "a/b": linkOf({ id: "link_2" }) };
    const { visit } = makeRedirect({ domains, links, later });
    expect((await visit("/a/b/c")).status).toBe(404);
    expect((await visit("/a/c/d")).headers.get("location")).toBe("https://example.com/page/c/d");
  });

  test("a change of the link shows at the next visit to any path below it", async () => {
    const { visit, links, routes } = makeRedirect({ domains, links: { a: takesPaths("link_1") }, later });
    expect((await visit("/a/b")).headers.get("location")).toBe("https://example.com/page/b");
    links.set("a", linkOf({ location: "https://new.test/", extras: extrasOf({ forwardPath: true }) }));
    routes.drop("dom_1", "a");
    expect((await visit("/a/b")).headers.get("location")).toBe("https://new.test/b");
    links.delete("a");
    routes.drop("dom_1", "a");
    expect((await visit("/a/b")).status).toBe(404);
  });

  test("each path is the link's click, and no path leaks into another's answer", async () => {
    const { visit, visits } = makeRedirect({ domains, links: { a: takesPaths("link_1") }, later });
    const paths = Array.from({ length: 10 }, (_, i) => `/a/${i}`);
    for (const path of paths) await visit(path);
    expect((await visit("/a")).headers.get("location")).toBe("https://example.com/page");
    expect(visits.map((one) => [one.link?.id, one.outcome])).toEqual(
      Array.from({ length: 11 }, () => ["link_1", "redirected"]),
    );
  });
});

test("a domain without such links looks a missing path up once, and remembers it", async () => {
  const { visit, lookups } = makeRedirect({ links: { a: linkOf() } });
  for (let i = 0; i < 3; i++) expect((await visit("/x/y/z")).status).toBe(404);
  expect(lookups).toEqual(["go.test/x/y/z"]);
});

test("where it is looked for more than once, it is for one visit alone", async () => {
  const { visit, lookups } = makeRedirect({ domains, links: { a: takesPaths("link_1") } });
  for (let i = 0; i < 3; i++) await visit("/x/y/z");
  expect(lookups).toEqual(["go.test/x/y/z", "go.test/x/y", "go.test/x"]);
});

test("whoever guesses paths below links is counted like whoever guesses slugs", async () => {
  const { visit } = makeRedirect({
    domains,
    links: { a: takesPaths("link_1") },
    ports: { misses: openMisses(3) },
  });
  for (let i = 0; i < 20; i++) expect((await visit(`/a/${i}`)).status).toBe(302);
  for (let i = 0; i < 3; i++) expect((await visit(`/x/${i}`)).status).toBe(404);
  expect((await visit("/x/9")).status).toBe(429);
});
