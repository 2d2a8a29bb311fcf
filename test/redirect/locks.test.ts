import { describe, expect, test } from "bun:test";
import { openLocks } from "../../src/redirect/locks.ts";
import { visitorOf } from "./visitor.ts";
import { extrasOf, linkOf, makeRedirect } from "./world.ts";

const form = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  body,
});
const locked = (facts: Partial<Parameters<typeof extrasOf>[0]> = {}) =>
  linkOf({ status: 307, extras: extrasOf({ passwordHash: "hash", ...facts }) });

describe("a link with a password", () => {
  test("asks for it, and tells nothing of where it leads", async () => {
    const { visit, visits } = makeRedirect({ links: { a: locked() } });
    for (const method of ["GET", "HEAD", "PUT", "OPTIONS"]) {
      const answer = await visit("/a?password=right", { method });
      const all = `${await answer.text()}${JSON.stringify(answer.headers.toJSON())}`;
      expect([answer.status, all.includes("example.com"), all.includes("link_1")]).toEqual([
        200,
        false,
        false,
      ]);
    }
    expect(visits.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => "password_asked"));
  });

  test("once it was typed leads on by 303, whatever its status, and once more by its cookie", async () => {
    const { visit, visits, clock } = makeRedirect({ links: { a: locked() } });
    const opened = await visit("/a", form("password=right"));
    expect([opened.status, opened.headers.get("location")]).toEqual([303, "https://example.com/page"]);
    const cookie = opened.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^link_1=\d+\.[0-9a-f]{64}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
    const headers = { cookie: cookie.split(";")[0]! };
    const again = await visit("/a", { headers });
    expect([again.status, again.headers.get("location")]).toEqual([307, "https://example.com/page"]);
    // No form is ever sent on: 307 would.
    const twice = await visit("/a", form("password=right", headers));
    expect([twice.status, twice.headers.get("location")]).toEqual([303, "https://example.com/page"]);
    clock.at += 3_599_999;
    expect((await visit("/a", { headers })).status).toBe(307);
    clock.at += 1;
    expect((await visit("/a", { headers })).status).toBe(200);
    expect(visits.map(({ outcome }) => outcome)).toEqual([
      "redirected",
      "redirected",
      "redirected",
      "redirected",
      "password_asked",
    ]);
  });

  test.each([
    ["a wrong one", form("password=wrong"), 403],
    ["none", form("other=right"), 200],
    ["an empty body", { method: "POST" }, 200],
    ["another kind of body", { method: "POST", body: '{"password":"right"}' }, 200],
    ["more than a form holds", form(`password=right&x=${"x".repeat(5000)}`), 200],
  ])("with %s stays shut", async (_, init, status) => {
    const { visit, visits } = makeRedirect({ links: { a: locked() } });
    const answer = await visit("/a", init as RequestInit);
    expect([answer.status, answer.headers.get("location"), answer.headers.get("set-cookie")]).toEqual([
      status,
      null,
      null,
    ]);
    expect(visits.map(({ outcome }) => outcome)).toEqual(["password_asked"]);
  });

  test("says when to come back to whoever has tried too often, and does not compare", async () => {
    const { visit } = makeRedirect({
      links: { a: locked() },
      ports: { locks: openLocks("secret", async () => ({ waitSeconds: 77 })) },
    });
    const answer = await visit("/a", form("password=right"));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "77"]);
  });

  test("that is over, switched off or used up is that, whatever is typed", async () => {
    const { visit } = makeRedirect({
      links: {
        over: { ...locked(), expiresAt: 1 },
        off: { ...locked(), enabled: false },
        used: { ...locked(), clicksLimit: 1 },
      },
    });
    expect((await visit("/over", form("password=right"))).status).toBe(410);
    expect((await visit("/off", form("password=right"))).status).toBe(404);
    expect((await visit("/used", form("password=wrong"))).status).toBe(403);
    expect((await visit("/used", form("password=right"))).status).toBe(303);
    expect((await visit("/used", form("password=right"))).status).toBe(410);
  });

  test("when passwords cannot be compared answers 503 and stays shut", async () => {
    const { visit, failures } = makeRedirect({
      links: { a: locked() },
      ports: {
        locks: openLocks("secret", async () => {
          throw new Error("no threads");
        }),
      },
    });
    expect((await visit("/a", form("password=right"))).status).toBe(503);
    expect(failures).toEqual(["unlock: no threads"]);
  });

  test("gives its cookie to TLS alone where the browser speaks it", async () => {
    const { visit } = makeRedirect({ links: { a: locked() }, ports: { secure: () => true } });
    expect((await visit("/a", form("password=right"))).headers.get("set-cookie")).toEndWith("; Secure");
  });

  test("takes the visitor's parameters along, and no password", async () => {
    const { visit, visits } = makeRedirect({ links: { a: { ...locked(), forwardQuery: true } } });
    const opened = await visit("/a?x=1", form("password=right"));
    expect(opened.headers.get("location")).toBe("https://example.com/page?x=1");
    expect(JSON.stringify(visits)).not.toContain("password=");
  });
});

describe("the cookie", () => {
  const locks = openLocks("secret", async () => "wrong");
  const link = { id: "link_1", hash: "hash" };
  const value = locks.cookie(link, 1000, false).split(";")[0]!;
  const opens = (cookie: string, to = link, at = 1000) =>
    locks.isOpen(to, visitorOf({ at, headers: { cookie } }));

  test("opens the link it was given for", () => expect(opens(value)).toBe(true));
  test("opens no other link, under any name", () => {
    expect(opens(value, { id: "link_2", hash: "hash" })).toBe(false);
    expect(opens(value.replace("link_1", "link_2"), { id: "link_2", hash: "hash" })).toBe(false);
  });
  test("ends with the password it was given for", () =>
    expect(opens(value, { ...link, hash: "another" })).toBe(false));
  test("cannot be made to last", () => {
    const [endsAt, mac] = value.slice("link_1=".length).split(".");
    expect(opens(value, link, Number(endsAt) - 1)).toBe(true);
    expect(opens(value, link, Number(endsAt))).toBe(false);
    expect(opens(`link_1=${Number(endsAt) + 1000}.${mac}`)).toBe(false);
    for (const odd of ["", "link_1=", `link_1=.${mac}`, `link_1=1e99.${mac}`, `${value}.x`, `link_1=${mac}`])
      expect(opens(odd)).toBe(false);
  });
  test("of another installation opens nothing", () =>
    expect(
      openLocks("other", async () => "wrong").isOpen(link, visitorOf({ headers: { cookie: value } })),
    ).toBe(false));
});
