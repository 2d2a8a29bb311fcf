import { describe, expect, test } from "bun:test";
import { type Decision, decide, limitReached } from "../../src/redirect/decide.ts";
import type { Visitor } from "../../src/redirect/visitor.ts";
import { visitorOf } from "./visitor.ts";
import { domainOf, extrasOf, linkOf } from "./world.ts";

const plain = domainOf();
const withFallbacks = domainOf({
  rootUrl: "https://d.test/root",
  notFoundUrl: "https://d.test/404",
  expiredUrl: "https://d.test/over",
});
const at = 1000;

const said = (decision: Decision): string => {
  if (decision.kind === "page") return `${decision.outcome} page ${decision.page}`;
  if (decision.kind === "redirect") return `${decision.outcome} ${decision.status} ${decision.location}`;
  return `${decision.outcome} ${decision.kind}`;
};

describe("where a click goes", () => {
  test.each([
    [
      "a link redirects with its own status",
      plain,
      linkOf({ status: 308 }),
      "redirected 308 https://example.com/page",
    ],
    ["an unknown slug is a page", plain, null, "not_found page not_found"],
    ["an unknown slug goes where the domain says", withFallbacks, null, "not_found 302 https://d.test/404"],
    [
      "a disabled link looks like an unknown one",
      plain,
      linkOf({ enabled: false }),
      "disabled page not_found",
    ],
    [
      "… also where the domain has a page for it",
      withFallbacks,
      linkOf({ enabled: false }),
      "disabled 302 https://d.test/404",
    ],
    ["a loop is stopped", withFallbacks, linkOf({ loop: true }), "disabled page loop"],
    ["disabled comes before loop", plain, linkOf({ loop: true, enabled: false }), "disabled page not_found"],
    ["loop comes before expired", plain, linkOf({ loop: true, expiresAt: 1 }), "disabled page loop"],
    [
      "disabled comes before expired",
      plain,
      linkOf({ enabled: false, expiresAt: 1 }),
      "disabled page not_found",
    ],
    [
      "a millisecond before its end it redirects",
      plain,
      linkOf({ expiresAt: 1001 }),
      "redirected 302 https://example.com/page",
    ],
    ["from its last millisecond on it does not", plain, linkOf({ expiresAt: 1000 }), "expired page expired"],
    [
      "expired, with a page of the domain",
      withFallbacks,
      linkOf({ expiresAt: 1, status: 301 }),
      "expired 302 https://d.test/over",
    ],
    [
      "expired, with a page of its own",
      withFallbacks,
      linkOf({ expiresAt: 1, expiredUrl: "https://l.test/" }),
      "expired 302 https://l.test/",
    ],
  ])("%s", (_, domain, link, expected) => {
    const decision = decide(domain, link, { at, root: false });
    expect(said(decision)).toBe(expected);
  });

  test.each([
    [
      "a link that starts later looks like an unknown one",
      plain,
      linkOf({ extras: extrasOf({ startsAt: 1001 }) }),
      "disabled page not_found",
    ],
    [
      "… also where the domain has a page for it",
      withFallbacks,
      linkOf({ extras: extrasOf({ startsAt: 1001 }) }),
      "disabled 302 https://d.test/404",
    ],
    [
      "from its first millisecond on it redirects",
      plain,
      linkOf({ extras: extrasOf({ startsAt: 1000 }) }),
      "redirected 302 https://example.com/page",
    ],
    [
      "expired comes before not yet started",
      plain,
      linkOf({ expiresAt: 1000, extras: extrasOf({ startsAt: 1001 }) }),
      "expired page expired",
    ],
    [
      "a link that only counts leads nowhere",
      withFallbacks,
      linkOf({ extras: extrasOf({ otherwise: "nowhere" }) }),
      "tracked track",
    ],
    [
      "… and not before it starts",
      plain,
      linkOf({ extras: extrasOf({ otherwise: "nowhere", startsAt: 1001 }) }),
      "disabled page not_found",
    ],
    [
      "a link of rules alone, without one that holds, is the domain's page for what is missing",
      withFallbacks,
      linkOf({ location: "", extras: extrasOf({ otherwise: "not_found" }) }),
      "not_found 302 https://d.test/404",
    ],
  ])("%s", (_, domain, link, expected) => {
    expect(said(decide(domain, link, { at, root: false }))).toBe(expected);
  });

  test("a password is asked for before anything is told, and after all that would not lead on", () => {
    const locked = { passwordHash: "hash" };
    const choose = () => {
      throw new Error("no rule is asked for whoever may not pass");
    };
    const asked = decide(plain, linkOf({ extras: extrasOf({ ...locked, choose }) }), {
      at,
      root: false,
      visitor: visitorOf(),
    });
    expect(asked).toEqual({ kind: "password", outcome: "password_asked" });
    const open = { at, root: false, visitor: visitorOf(), unlocked: true };
    expect(said(decide(plain, linkOf({ extras: extrasOf(locked) }), open))).toBe(
      "redirected 302 https://example.com/page",
    );
    for (const [link, expected] of [
      [linkOf({ expiresAt: 1, extras: extrasOf(locked) }), "expired page expired"],
      [linkOf({ enabled: false, extras: extrasOf(locked) }), "disabled page not_found"],
      [linkOf({ extras: extrasOf({ ...locked, startsAt: 1001 }) }), "disabled page not_found"],
      [linkOf({ extras: extrasOf({ ...locked, otherwise: "nowhere" }) }), "tracked track"],
    ] as const)
      expect(said(decide(plain, link, { at, root: false }))).toBe(expected);
  });

  const query = "utm_source=a&x=1&UTM_term=%C3%BC&utm%5Fmedium=b";
  test.each([
    ["all but the campaign's", { forwardOnly: "others" }, query, "", "https://example.com/page?x=1"],
    [
      "the campaign's alone, in any spelling",
      { forwardOnly: "campaign" },
      query,
      "",
      "https://example.com/page?utm_source=a&UTM_term=%C3%BC&utm%5Fmedium=b",
    ],
    ["nothing where nothing is left", { forwardOnly: "campaign" }, "x=1", "", "https://example.com/page"],
    ["the path behind the slug", { forwardPath: true }, "", "/a/b", "https://example.com/page/a/b"],
    ["no path where none is wanted", {}, "", "/a/b", "https://example.com/page"],
    [
      "path and parameters together",
      { forwardPath: true, forwardOnly: "campaign" },
      query,
      "/a",
      "https://example.com/page/a?utm_source=a&UTM_term=%C3%BC&utm%5Fmedium=b",
    ],
  ] as const)("is handed on: %s", (_, extras, given, rest, location) => {
    const link = linkOf({ extras: extrasOf(extras) });
    const facts = { at, root: false, visitor: visitorOf({ query: given }), rest };
    expect(decide(plain, link, facts)).toMatchObject({ location, forwardQuery: false });
  });

  test("a rule has its own word on what of a visitor is handed on, and takes the path along", () => {
    const choice = { ruleId: "rule_1", variantId: "", location: "https://r.test/", forwardQuery: false };
    const link = linkOf({
      extras: extrasOf({ forwardOnly: "campaign", forwardPath: true, choose: () => choice }),
    });
    const visitor = visitorOf({ query: "utm_source=a" });
    expect(decide(plain, link, { at, root: false, visitor, rest: "/x" })).toMatchObject({
      location: "https://r.test/x",
      forwardQuery: false,
    });
  });

  test("a rule that holds says where, and only a link with a destination leads on without one", () => {
    const visitor = visitorOf();
    const choice = { ruleId: "rule_1", variantId: "", location: "https://r.test/", forwardQuery: true };
    const asked: Visitor[] = [];
    const choose = (one: Visitor) => {
      asked.push(one);
      return one.query === "yes" ? choice : null;
    };
    for (const otherwise of ["destination", "not_found"] as const) {
      const link = linkOf({ status: 307, extras: extrasOf({ otherwise, choose }) });
      expect(decide(plain, link, { at, root: false, visitor: visitorOf({ query: "yes" }) })).toEqual({
        kind: "redirect",
        outcome: "redirected",
        status: 307,
        ...choice,
      });
      expect(decide(plain, link, { at, root: false, visitor }).outcome).toBe(
        otherwise === "destination" ? "redirected" : "not_found",
      );
    }
    expect(asked).toHaveLength(4);
    const before = linkOf({ extras: extrasOf({ startsAt: 1001, choose }) });
    expect(decide(plain, before, { at, root: false, visitor }).outcome).toBe("disabled");
    expect(asked).toHaveLength(4);
  });

  test("the root of a domain is a plain page or the domain's root URL, and no click", () => {
    expect(decide(plain, null, { at, root: true })).toEqual({ kind: "page", outcome: null, page: "root" });
    expect(decide(withFallbacks, null, { at, root: true })).toMatchObject({
      outcome: null,
      location: "https://d.test/root",
    });
  });

  test("a used-up link falls back like an expired one, under its own outcome", () => {
    expect(limitReached(plain, linkOf())).toEqual({
      kind: "page",
      outcome: "limit_reached",
      page: "limit_reached",
    });
    expect(limitReached(withFallbacks, linkOf())).toMatchObject({
      outcome: "limit_reached",
      location: "https://d.test/over",
    });
  });

  test("a visitor's query is never handed to a fallback", () => {
    const link = linkOf({ forwardQuery: true, expiresAt: 1 });
    expect(decide(withFallbacks, link, { at, root: false })).toMatchObject({ forwardQuery: false });
  });
});
