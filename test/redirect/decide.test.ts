import { describe, expect, test } from "bun:test";
import { decide, limitReached } from "../../src/redirect/decide.ts";
import { domainOf, linkOf } from "./world.ts";

const plain = domainOf();
const withFallbacks = domainOf({
  rootUrl: "https://d.test/root",
  notFoundUrl: "https://d.test/404",
  expiredUrl: "https://d.test/over",
});
const at = 1000;

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
    expect(
      decision.kind === "page"
        ? `${decision.outcome} page ${decision.page}`
        : `${decision.outcome} ${decision.status} ${decision.location}`,
    ).toBe(expected);
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
