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
