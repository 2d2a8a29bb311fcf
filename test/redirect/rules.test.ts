import { describe, expect, test } from "bun:test";
import { decide } from "../../src/redirect/decide.ts";
import { compileRules, type RulesHome, type StoredRule, type StoredSplit } from "../../src/redirect/rules.ts";
import { KEY_COOKIE, type VisitorFacts } from "../../src/redirect/visitor.ts";
import { visitorOf } from "./visitor.ts";
import { domainOf, extrasOf, linkOf, makeRedirect } from "./world.ts";

const always = { all: [] };
const get = { field: "method", operator: "equals", value: "GET" };
const post = { field: "method", operator: "equals", value: "POST" };
const rule = (id: string, more: Partial<StoredRule> = {}): StoredRule => ({
  id,
  conditions: always,
  destinationUrl: `https://example.com/${id}`,
  ...more,
});
const halves: StoredSplit = {
  winnerId: null,
  variants: [
    { id: "var_a", destinationUrl: "https://a.example/", weight: 1 },
    { id: "var_b", destinationUrl: "https://b.example/", weight: 1 },
  ],
};
const compiled = (
  rules: readonly StoredRule[],
  home: Partial<RulesHome> = {},
  split: StoredSplit | null = null,
) =>
  compileRules(
    { rules, split },
    {
      parentId: "link_1",
      forwardQuery: false,
      forwardUtm: home.forwardQuery ?? false,
      utm: null,
      ownSplit: true,
      loops: () => false,
      ...home,
    },
  );
const chosen = (
  rules: readonly StoredRule[],
  facts: Partial<Omit<VisitorFacts, "headers">> = {},
  home = {},
) => compiled(rules, home).choose(visitorOf(facts));

test("the first rule that holds wins; where none holds, nobody has chosen", () => {
  const rules = [rule("1", { conditions: post }), rule("2", { conditions: get }), rule("3")];
  expect(chosen(rules)).toMatchObject({ ruleId: "2", location: "https://example.com/2", variantId: "" });
  expect(chosen([rule("1", { conditions: post })])).toBeNull();
  expect(
    chosen([rule("1", { conditions: { field: "country", operator: "not_equals", value: "DE" } })]),
  ).toBeNull();
});

describe("what a rule says of the query goes before what the link says", () => {
  const utm = { source: "rule", campaign: "ü & é", medium: null };
  test.each([
    [{}, false, false, "https://example.com/1"],
    [{}, true, true, "https://example.com/1"],
    [{ forwardQuery: false }, true, false, "https://example.com/1"],
    [{ forwardQuery: true }, false, true, "https://example.com/1"],
    [{ utm }, false, false, "https://example.com/1?utm_source=rule&utm_campaign=%C3%BC%20%26%20%C3%A9"],
    [{ forwardUtm: true }, false, "campaign", "https://example.com/1"],
    [{ forwardUtm: false }, true, "others", "https://example.com/1"],
    [{ forwardUtm: true }, true, true, "https://example.com/1"],
    [{ forwardUtm: true, forwardQuery: false }, true, "campaign", "https://example.com/1"],
  ])("%j on a link that forwards: %p", (more, forwardQuery, forwards, location) => {
    const choice = chosen([rule("1", more)], { query: "x=1&utm_source=me" }, { forwardQuery });
    expect([choice!.forwardOnly ?? choice!.forwardQuery, choice!.location]).toEqual([forwards, location]);
  });
});

test("what would lead back to us is left out, of rules and of splits", () => {
  const loops = (location: string) => location.startsWith("https://example.com/own");
  expect(chosen([rule("own"), rule("2")], {}, { loops })!.ruleId).toBe("2");
  const half = {
    ...halves,
    variants: [{ id: "var_x", destinationUrl: "https://example.com/own", weight: 9 }, ...halves.variants],
  };
  const { choose } = compiled([rule("1", { split: half })], { loops });
  const seen = new Set(
    Array.from({ length: 100 }, (_, i) => choose(visitorOf({}, { dailyKey: () => String(i) }))!.variantId),
  );
  expect([...seen].sort()).toEqual(["var_a", "var_b"]);
});

test("a winner gets everybody; the link's own split is for whomever no rule has chosen, and for links that lead somewhere", () => {
  const won = { ...halves, winnerId: "var_b" };
  expect(compiled([], {}, won).choose(visitorOf())).toMatchObject({ ruleId: "", variantId: "var_b" });
  expect(compiled([rule("1")], {}, won).choose(visitorOf())).toMatchObject({ ruleId: "1", variantId: "" });
  expect(compiled([rule("1", { split: won })]).choose(visitorOf())).toMatchObject({
    ruleId: "1",
    variantId: "var_b",
    location: "https://b.example/",
  });
  expect(compiled([], { ownSplit: false }, won).choose(visitorOf())).toBeNull();
});

test("a visitor is told by what the rules look at, and by nothing else", () => {
  const rate = (field: string, window: string) =>
    ({ field, operator: "less_than", value: 5, window }) as never;
  const needs = (conditions: object, split?: StoredSplit) =>
    compiled([rule("1", { conditions: conditions as never, ...(split ? { split } : {}) })]).needs;
  expect(needs(get)).toEqual({ clicks: false, cookie: false, rates: [] });
  expect(needs({ field: "percentage", operator: "less_than", value: 5 }).cookie).toBe(true);
  expect(needs({ field: "returning", operator: "is_true", value: null }).cookie).toBe(true);
  expect(needs(get, halves).cookie).toBe(true);
  expect(needs(get, { ...halves, winnerId: "var_a" }).cookie).toBe(false);
  expect(needs({ field: "clicks", operator: "less_than", value: 5 }).clicks).toBe(true);
  const all = { any: [rate("linkRate", "day"), rate("linkRate", "day"), rate("visitorRate", "hour")] };
  expect(needs(all).rates).toEqual([
    { whose: "link", window: "day" },
    { whose: "visitor", window: "hour" },
  ]);
});

describe("redirect modes", () => {
  const { choose, needs } = compiled([rule("1", { conditions: post })]);
  const ask = (otherwise: "destination" | "not_found" | "nowhere", method: "GET" | "POST") => {
    const link = linkOf({ extras: extrasOf({ otherwise, choose, needs }) });
    const visitor = visitorOf({ method });
    const decision = decide(domainOf(), link, { at: 0, root: false, visitor });
    return decision.kind === "redirect"
      ? decision.location
      : decision.kind === "page"
        ? decision.page
        : decision.kind;
  };
  test.each([
    ["destination", "https://example.com/page", "https://example.com/1"],
    ["not_found", "not_found", "https://example.com/1"],
    ["nowhere", "track", "track"],
  ] as const)("%s", (otherwise, without, matching) => {
    expect(ask(otherwise, "GET")).toBe(without);
    expect(ask(otherwise, "POST")).toBe(matching);
  });
});

describe("a visitor is known again", () => {
  const world = () => {
    const { choose, needs } = compiled([], {}, halves);
    return makeRedirect({ links: { a: linkOf({ extras: extrasOf({ choose, needs }) }), b: linkOf() } });
  };
  const cookieOf = (response: Response) => response.headers.get("set-cookie");

  test("by a cookie of the short domain that says nothing else and no script reads", async () => {
    const { visit, visits } = world();
    const first = await visit("/a");
    const cookie = cookieOf(first)!;
    expect(cookie).toMatch(/^waypost_visitor=[\w-]{22}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
    const pair = cookie.split(";")[0]!;
    // Another address and browser: only the cookie is the same.
    for (let i = 0; i < 20; i++) {
      const again = await visit("/a", { headers: { cookie: pair, "user-agent": `other ${i}` } });
      expect([again.headers.get("location"), cookieOf(again)]).toEqual([first.headers.get("location"), null]);
    }
    expect(new Set(visits.map(({ variantId }) => variantId)).size).toBe(1);
    expect(visits[0]!.variantId).toMatch(/^var_[ab]$/);
  });

  test("without it for the day, and the cookie then holds what the day said", async () => {
    const { visit } = world();
    const places = new Set<string>();
    for (let i = 0; i < 5; i++)
      places.add((await visit("/a", { headers: { "user-agent": "same" } })).headers.get("location")!);
    expect(places.size).toBe(1);
    const many = new Set<string>();
    for (let i = 0; i < 40; i++)
      many.add((await visit("/a", { headers: { "user-agent": `one ${i}` } })).headers.get("location")!);
    expect(many.size).toBe(2);
  });

  test("who wants not to be followed gets none, and theirs is not read", async () => {
    const { visit } = world();
    const kept = `${KEY_COOKIE}=${"x".repeat(22)}`;
    for (const header of ["sec-gpc", "dnt"]) {
      const response = await visit("/a", { headers: { [header]: "1", "user-agent": "quiet" } });
      const withOne = await visit("/a", { headers: { [header]: "1", "user-agent": "quiet", cookie: kept } });
      expect([cookieOf(response), cookieOf(withOne)]).toEqual([null, null]);
      expect(withOne.headers.get("location")).toBe(response.headers.get("location"));
    }
  });

  test("only links that need it set it", async () => {
    const { visit } = world();
    expect(cookieOf(await visit("/b"))).toBeNull();
  });

  test("behind TLS it is sent by TLS alone", async () => {
    const { choose, needs } = compiled([], {}, halves);
    const { visit } = makeRedirect({
      links: { a: linkOf({ extras: extrasOf({ choose, needs }) }) },
      ports: { secure: () => true },
    });
    expect(cookieOf(await visit("/a"))).toEndWith("; Secure");
  });
});

describe("how often", () => {
  const limited = (field: string, more: object = {}) => {
    const conditions = { field, operator: "greater_than", value: 2, ...more } as never;
    const { choose, needs } = compiled([rule("often", { conditions })]);
    return makeRedirect({ links: { a: linkOf({ extras: extrasOf({ choose, needs }) }) } });
  };
  const to = async (answer: Response | Promise<Response>) =>
    (await answer).headers.get("location")!.split("/").at(-1);

  test("a visitor comes is counted for each, and begins anew with the window", async () => {
    const { visit, clock } = limited("visitorRate", { window: "minute" });
    clock.at = 60_000;
    const ask = (agent: string) => to(visit("/a", { headers: { "user-agent": agent } }));
    expect([await ask("x"), await ask("x"), await ask("x"), await ask("y")]).toEqual([
      "page",
      "page",
      "often",
      "page",
    ]);
    clock.at = 119_999;
    expect(await ask("x")).toBe("often");
    clock.at = 120_000;
    expect(await ask("x")).toBe("page");
  });

  test("anybody comes is counted for the link", async () => {
    const { visit } = limited("linkRate", { window: "day" });
    const all = [];
    for (let i = 0; i < 4; i++) all.push(await to(visit("/a", { headers: { "user-agent": `x ${i}` } })));
    expect(all).toEqual(["page", "page", "often", "often"]);
  });

  test("the link was clicked is as exact as a limit, whatever comes at once, and bots do not count", async () => {
    const { visit } = limited("clicks");
    const bots = await Promise.all(
      Array.from({ length: 5 }, () => to(visit("/a", { headers: { "user-agent": "bot" } }))),
    );
    expect(bots).toEqual(Array(5).fill("page"));
    const people = await Promise.all(Array.from({ length: 5 }, () => to(visit("/a"))));
    expect(people).toEqual(["page", "page", "page", "often", "often"]);
  });
});
