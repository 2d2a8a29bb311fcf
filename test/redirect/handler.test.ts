import { describe, expect, test } from "bun:test";
import { domainOf, linkOf, makeRedirect } from "./world.ts";

describe("answering", () => {
  test("a link in memory is answered at once, not with a promise", () => {
    const { visit } = makeRedirect({ links: { a: linkOf() } });
    visit("/a");
    const response = visit("/a");
    expect(response).toBeInstanceOf(Response);
    expect((response as Response).headers.toJSON()).toEqual({
      location: "https://example.com/page",
      "cache-control": "private, no-store",
    });
  });

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "%s is answered alike",
    async (method) => {
      const { visit, visits } = makeRedirect({ links: { a: linkOf({ status: 307 }) } });
      const response = await visit("/a", { method });
      expect([response.status, response.headers.get("location")]).toEqual([307, "https://example.com/page"]);
      expect(visits.map((one) => one.method as string)).toEqual([method]);
    },
  );

  test.each(["PROPFIND", "PURGE", "QUERY"])("%s is refused, with what is allowed", async (method) => {
    const { visit, visits } = makeRedirect({ links: { a: linkOf() } });
    await visit("/a");
    for (const path of ["/a", "/b"]) {
      const response = await visit(path, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([
        405,
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      ]);
    }
    expect(visits).toHaveLength(1);
  });

  test.each([
    ["/sale", "/Sale", false, 302],
    ["/sale", "/SALE/", false, 302],
    ["/sale", "/%73ale", false, 302],
    ["/sale", "/sale//", false, 404],
    ["/sale", "/sal%65%", false, 404],
    ["/sale", "/sale%00", false, 404],
    ["/sale", "/sale%2f", false, 302],
    ["/Sale", "/Sale", true, 302],
    ["/Sale", "/sale", true, 404],
    ["/über", "/%C3%9CBER", false, 302],
    ["/über", "/u%CC%88ber", false, 302],
  ])("a link at %s is asked for as %s (case-sensitive: %p): %p", async (at, path, caseSensitive, status) => {
    const { visit } = makeRedirect({
      domains: [domainOf({ caseSensitive })],
      links: { [at.slice(1)]: linkOf() },
    });
    expect((await visit(path)).status).toBe(status);
    expect((await visit(path)).status).toBe(status);
  });

  test("a host is known with any port, in any case and with a trailing dot", async () => {
    const { visit } = makeRedirect({ links: { a: linkOf() } });
    for (const host of ["go.test:8080", "GO.test", "go.test."])
      expect((await visit("/a", { host })).status).toBe(302);
  });

  test("a host that is not ours gets a page and is not recorded", async () => {
    const { visit, visits } = makeRedirect({});
    expect((await visit("/a", { host: "evil.test" })).status).toBe(404);
    expect(visits).toEqual([]);
  });

  test("two hosts, an empty one or none are refused and the connection closed", async () => {
    const { visit, handler } = makeRedirect({ links: { a: linkOf() } });
    await visit("/a");
    for (const host of ["go.test, evil.test", ""]) {
      for (const path of ["/a", "/b"]) {
        const response = await visit(path, { host: "go.test", headers: {} });
        expect(response.status).not.toBe(400);
        const request = new Request(`http://go.test${path}`, { headers: { host } });
        const refused = await handler(request, { requestIP: () => null });
        expect([refused.status, refused.headers.get("connection")]).toEqual([400, "close"]);
      }
    }
  });

  test.each([
    ["?qr=1", "qr", "", "https://example.com/page"],
    ["?a=1&qr=1&b=2", "qr", "a=1&b=2", "https://example.com/page?a=1&b=2"],
    ["?qr=1&qr=1", "qr", "", "https://example.com/page"],
    ["?qr=10", "link", "qr=10", "https://example.com/page?qr=10"],
    ["?xqr=1", "link", "xqr=1", "https://example.com/page?xqr=1"],
    ["?a=qr=1", "link", "a=qr=1", "https://example.com/page?a=qr=1"],
    ["", "link", "", "https://example.com/page"],
  ])(
    "a visit with %p is a %s, and the mark of a scan goes no further",
    async (asked, trigger, query, location) => {
      const { visit, visits } = makeRedirect({ links: { a: linkOf({ forwardQuery: true }) } });
      expect((await visit(`/a${asked}`)).headers.get("location")).toBe(location);
      expect(visits.map((one) => [one.trigger, one.query])).toEqual([[trigger, query]] as never);
    },
  );

  test("the query goes on only where the link says so", async () => {
    const { visit } = makeRedirect({ links: { a: linkOf(), b: linkOf({ forwardQuery: true }) } });
    const to = async (path: string) => (await visit(path)).headers.get("location");
    expect(await to("/a?x=1")).toBe("https://example.com/page");
    expect(await to("/b?x=1&y=a%20b")).toBe("https://example.com/page?x=1&y=a%20b");
    expect(await to("/b?")).toBe("https://example.com/page");
  });

  test("a link expires at its millisecond, in memory or not", async () => {
    const { visit, clock } = makeRedirect({ links: { a: linkOf({ expiresAt: 1_000_001 }) } });
    expect((await visit("/a")).status).toBe(302);
    clock.at = 1_000_001;
    expect((await visit("/a")).status).toBe(410);
  });

  test("a lookup that takes time is waited for", async () => {
    const { visit } = makeRedirect({ links: { a: linkOf() }, later: true });
    expect((await visit("/a")).status).toBe(302);
    expect((await visit("/nothing")).status).toBe(404);
    expect(visit("/a")).toBeInstanceOf(Response);
  });
});

describe("recording", () => {
  test("a visit is written down as it came", async () => {
    const { visit, visits } = makeRedirect({ links: { a: linkOf() }, trusted: ["192.0.2.0/24"] });
    await visit("/a?x=1", {
      headers: {
        "x-forwarded-for": "198.51.100.4",
        "user-agent": "Firefox",
        referer: "https://t.co/",
        "accept-language": "de",
        purpose: "prefetch",
        dnt: "1",
      },
    });
    expect(visits).toEqual([
      {
        at: 1_000_000,
        domain: domainOf(),
        link: linkOf(),
        outcome: "redirected",
        trigger: "link",
        method: "GET",
        address: "198.51.100.4",
        userAgent: "Firefox",
        referrer: "https://t.co/",
        language: "de",
        purpose: "prefetch",
        query: "x=1",
        optedOut: true,
        ruleId: "",
        variantId: "",
      },
    ]);
  });

  test("a stranger's X-Forwarded-For is not believed", async () => {
    const { visit, visits } = makeRedirect({ links: { a: linkOf() } });
    await visit("/a", { headers: { "x-forwarded-for": "198.51.100.4" } });
    expect(visits[0]!.address).toBe("192.0.2.7");
  });

  test("every outcome is recorded as what it was, and the root is none", async () => {
    const { visit, visits } = makeRedirect({
      links: { off: linkOf({ enabled: false }), old: linkOf({ expiresAt: 1 }), loop: linkOf({ loop: true }) },
    });
    for (const path of ["/off", "/old", "/loop", "/none", "/"]) await visit(path);
    expect(visits.map((one) => one.outcome)).toEqual(["disabled", "expired", "disabled", "not_found"]);
  });

  test("the answer waits when the recorder asks it to", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { visit } = makeRedirect({ links: { a: linkOf() }, ports: { record: () => promise } });
    const answer = visit("/a");
    expect(answer).toBeInstanceOf(Promise);
    expect(Bun.peek.status(answer)).toBe("pending");
    resolve();
    expect((await answer).status).toBe(302);
  });

  test("visitors are sent on when nothing can be recorded", async () => {
    const broken = () => {
      throw new Error("disk full");
    };
    for (const record of [broken, async () => broken()]) {
      const { visit, failures } = makeRedirect({ links: { a: linkOf() }, ports: { record } });
      expect((await visit("/a")).status).toBe(302);
      expect(failures).toEqual(["record: disk full"]);
    }
  });

  test("when links cannot be looked up, the visitor is asked to come back and nothing is remembered", async () => {
    for (const later of [false, true]) {
      const world = makeRedirect({ links: { a: linkOf() }, later });
      const find = world.links.get.bind(world.links);
      world.links.get = () => {
        throw new Error("database is down");
      };
      const response = await world.visit("/a");
      expect([response.status, response.headers.has("retry-after")]).toEqual([503, true]);
      world.links.get = find;
      expect((await world.visit("/a")).status).toBe(302);
      expect(world.failures).toEqual(["resolve: database is down"]);
    }
  });
});

describe("a click limit", () => {
  const limited = { links: { a: linkOf({ clicksLimit: 2 }) } };

  test("lets exactly so many people through", async () => {
    const { visit, visits } = makeRedirect(limited);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await visit("/a")).status);
    expect(statuses).toEqual([302, 302, 410, 410]);
    expect(visits.map((one) => one.outcome)).toEqual([
      "redirected",
      "redirected",
      "limit_reached",
      "limit_reached",
    ]);
  });

  test("machines use up none of it, and do not slip past it", async () => {
    const { visit } = makeRedirect(limited);
    const bot = { headers: { "user-agent": "bot" } };
    for (let i = 0; i < 5; i++) expect((await visit("/a", bot)).status).toBe(302);
    for (let i = 0; i < 2; i++) expect((await visit("/a")).status).toBe(302);
    expect((await visit("/a", bot)).status).toBe(410);
    expect((await visit("/a", { method: "HEAD" })).status).toBe(410);
  });

  test("is not touched by a link that would not redirect anyway", async () => {
    const { visit, claims } = makeRedirect({ links: { a: linkOf({ clicksLimit: 2, expiresAt: 1 }) } });
    await visit("/a");
    expect(claims.size).toBe(0);
  });

  test("can be claimed elsewhere, later", async () => {
    for (const granted of [true, false]) {
      const { visit } = makeRedirect({ ...limited, ports: { claim: async () => granted } });
      expect((await visit("/a")).status).toBe(granted ? 302 : 410);
    }
  });

  test("that cannot be claimed sends nobody on and is no click", async () => {
    const broken = () => {
      throw new Error("no counter");
    };
    for (const claim of [broken, async () => broken()]) {
      const { visit, visits, failures } = makeRedirect({ ...limited, ports: { claim } });
      const response = await visit("/a");
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
      expect([visits, failures]).toEqual([[], ["claim: no counter"]]);
    }
  });
});
