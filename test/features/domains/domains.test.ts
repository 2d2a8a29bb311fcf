import { afterAll, beforeAll, expect, test } from "bun:test";
import { newId } from "../../../src/lib/ids.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const add = (host: string, fields: Record<string, unknown> = {}, key?: string) =>
  app.call("POST", "/domains", { body: { host, ...fields }, ...(key ? { key } : {}) });
const link = (body: Record<string, unknown>) =>
  app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...body } });

test("the first domain of a workspace becomes its default, and serves its slugs at once", async () => {
  expect((await app.visit("http://go.example/x")).status).toBe(404);
  const { status, body } = await add("GO.example.");
  expect(status).toBe(201);
  expect(body.data).toMatchObject({ host: "go.example", isDefault: true, shared: false });
  const made = await link({ slug: "x" });
  expect(made.body.data.shortUrl).toBe("http://go.example/x");
  expect((await app.visit("http://GO.example./x")).status).toBe(302);
  expect((await app.visit("http://links.test/x")).status).toBe(404);
  expect((await app.events()).at(-2)).toBe("domain.created");
});

test("another domain can be made the default, and the installation's own again", async () => {
  const { body } = await add("second.example");
  expect(body.data.isDefault).toBe(false);
  await app.call("PATCH", "/domains/second.example", { body: { isDefault: true } });
  expect((await link({})).body.data.domain).toBe("second.example");
  await app.call("PATCH", "/domains/links.test", { body: { isDefault: true } });
  expect((await link({})).body.data.domain).toBe("links.test");
  const { body: list } = await app.call("GET", "/domains");
  expect(list.data.filter(({ isDefault }: { isDefault: boolean }) => isDefault)).toHaveLength(1);
});

test("a further domain does not take over from the installation's own that was chosen", async () => {
  await app.call("PATCH", "/domains/links.test", { body: { isDefault: true } });
  expect((await add("further.example")).body.data.isDefault).toBe(false);
  expect((await link({})).body.data.domain).toBe("links.test");
  expect((await add("wanted.example", { isDefault: true })).body.data.isDefault).toBe(true);
  expect((await link({})).body.data.domain).toBe("wanted.example");
  await app.call("PATCH", "/domains/links.test", { body: { isDefault: true } });
});

test("a host is served for one workspace only", async () => {
  await add("taken.example");
  const other = await add("TAKEN.example", {}, await app.stranger());
  expect([other.status, other.body.error.details[0].path]).toEqual([409, "/host"]);
});

test("a domain goes only when no link lives on it, the trash included", async () => {
  await add("leaving.example");
  const { body } = await link({ domain: "leaving.example", slug: "last" });
  expect((await app.call("DELETE", "/domains/leaving.example")).status).toBe(409);
  await app.call("DELETE", `/links/${body.data.id}`);
  expect((await app.call("DELETE", "/domains/leaving.example")).status).toBe(409);
  await app.call("DELETE", `/links/${body.data.id}?permanent=true`);
  expect((await app.call("DELETE", "/domains/leaving.example")).status).toBe(200);
  expect((await app.call("GET", "/domains/leaving.example")).status).toBe(404);
});

test("the installation's own domain is nobody's to change or remove", async () => {
  expect((await app.call("DELETE", "/domains/links.test")).status).toBe(403);
  expect(
    (await app.call("PATCH", "/domains/links.test", { body: { rootUrl: "https://evil.example/" } })).status,
  ).toBe(403);
});

test("cases are told apart when the domain says so, and switching is refused with the list of clashes", async () => {
  await add("case.example", { caseSensitive: true });
  await link({ domain: "case.example", slug: "Ab", destinationUrl: "https://example.com/upper" });
  const lower = await link({
    domain: "case.example",
    slug: "ab",
    destinationUrl: "https://example.com/lower",
  });
  expect((await app.visit("http://case.example/Ab")).headers.get("location")).toBe(
    "https://example.com/upper",
  );
  expect((await app.visit("http://case.example/ab")).headers.get("location")).toBe(
    "https://example.com/lower",
  );
  expect((await app.visit("http://case.example/aB")).status).toBe(404);
  const refused = await app.call("PATCH", "/domains/case.example", { body: { caseSensitive: false } });
  expect(refused.status).toBe(409);
  expect(refused.body.error.details).toEqual([
    { path: "/caseSensitive", message: expect.stringMatching(/Ab \/ ab|ab \/ Ab/) },
  ]);
  await app.call("DELETE", `/links/${lower.body.data.id}?permanent=true`);
  expect((await app.call("PATCH", "/domains/case.example", { body: { caseSensitive: false } })).status).toBe(
    200,
  );
  expect((await app.visit("http://case.example/aB")).headers.get("location")).toBe(
    "https://example.com/upper",
  );
});

test("switching cases holds for every link of a large domain, and touches no other", async () => {
  const { body } = await add("large.example");
  const upper = (i: number) => `Link-${i}`;
  const slugs = Array.from({ length: 1200 }, (_, i) => (i % 10 === 0 ? `plain-${i}` : upper(i)));
  await link({ domain: "links.test", slug: "Link-1" });
  const [row] = await app.db.read.select().from(app.db.tables.links).limit(1);
  const { links } = app.db.tables;
  await app.db.transaction(async (tx) => {
    for (let from = 0; from < slugs.length; from += 300)
      await tx.insert(links).values(
        slugs.slice(from, from + 300).map((slug) => ({
          ...row!,
          id: newId("link", app.clock.now()),
          domainId: body.data.id,
          slug,
          slugKey: slug.toLowerCase(),
        })),
      );
  });
  const keys = async (of: (slug: string) => string) => {
    const rows = await app.db.read
      .select({ slug: links.slug, key: links.slugKey, domainId: links.domainId })
      .from(links);
    const own = rows.filter(({ domainId }) => domainId === body.data.id);
    expect(own.filter(({ slug, key }) => key !== of(slug))).toEqual([]);
    expect(own).toHaveLength(1200);
    expect(rows.find(({ slug, domainId }) => slug === "Link-1" && domainId !== body.data.id)?.key).toBe(
      "link-1",
    );
  };
  await app.call("PATCH", "/domains/large.example", { body: { caseSensitive: true } });
  await keys((slug) => slug);
  await app.call("PATCH", "/domains/large.example", { body: { caseSensitive: false } });
  await keys((slug) => slug.toLowerCase());
});

test("a domain's fallbacks are live at once: root, not found, expired", async () => {
  await add("fall.example", { slugLength: 20 });
  const gone = await link({ domain: "fall.example", expiresAt: "2020-01-01T00:00:00Z" });
  expect(gone.body.data.slug).toHaveLength(20);
  expect((await app.visit(`http://fall.example/${gone.body.data.slug}`)).status).toBe(410);
  await app.call("PATCH", "/domains/fall.example", {
    body: {
      rootUrl: "https://example.com/root",
      notFoundUrl: "https://example.com/404",
      expiredUrl: "https://example.com/410",
    },
  });
  const leads = async (path: string) =>
    (await app.visit(`http://fall.example${path}`)).headers.get("location");
  expect(await leads("/")).toBe("https://example.com/root");
  expect(await leads("/nobody")).toBe("https://example.com/404");
  expect(await leads(`/${gone.body.data.slug}`)).toBe("https://example.com/410");
  await app.call("PATCH", "/domains/fall.example", { body: { notFoundUrl: null } });
  expect((await app.visit("http://fall.example/nobody")).status).toBe(404);
});

test("hosts that are none are refused by name", async () => {
  for (const host of [
    "",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "192.0.2.1",
    "a b",
    "http://x.example",
    "x.example:80",
    "x.example/",
    "-x.example",
    `${"x".repeat(64)}.example`,
    "x..example",
    "*.example",
  ]) {
    const { status, body } = await add(host);
    expect([host, status, body.error?.details[0].path]).toEqual([host, 400, "/host"]);
  }
  expect((await add("münchen.example")).body.data.host).toBe("xn--mnchen-3ya.example");
});

test("on a custom domain only slugs exist: no API, no admin page, no health", async () => {
  await add("only.example");
  for (const path of ["/api/v1/links", "/api/v1/setup", "/admin", "/healthz", "/readyz", "/metrics"])
    expect([path, (await app.visit(`http://only.example${path}`)).status]).toEqual([path, 404]);
  expect((await app.visit("http://links.test/api/v1/setup")).status).toBe(200);
  expect((await app.visit("http://localhost/api/v1/setup")).status).toBe(200);
});

test("a destination on a domain that was added later is stopped, not sent round in circles", async () => {
  const { body } = await link({ domain: "links.test", destinationUrl: "https://later.example/x" });
  expect((await app.visit(body.data.shortUrl)).status).toBe(302);
  await add("later.example");
  expect((await app.visit(body.data.shortUrl)).status).toBe(508);
});

test("a host that became ours is known with a trailing dot too", async () => {
  const { body } = await link({ domain: "links.test", destinationUrl: "https://dotted.example./x" });
  expect((await app.visit(body.data.shortUrl)).status).toBe(302);
  await add("dotted.example");
  expect((await app.visit(body.data.shortUrl)).status).toBe(508);
});

test("fallbacks to a domain that was added later become our own pages", async () => {
  const later = "https://turned.example./x";
  await add("turning.example", { rootUrl: later, notFoundUrl: later, expiredUrl: later });
  const expired = { domain: "turning.example", expiresAt: "2020-01-01T00:00:00Z" };
  await link({ ...expired, slug: "by-domain" });
  await link({ ...expired, slug: "by-link", expiredUrl: "https://turned.example/y" });
  const answers = () =>
    Promise.all(
      ["/", "/nobody", "/by-domain", "/by-link"].map(async (path) => {
        const { status, headers } = await app.visit(`http://turning.example${path}`);
        return headers.get("location") ?? status;
      }),
    );
  expect(await answers()).toEqual([later, later, later, "https://turned.example/y"]);
  await add("turned.example");
  expect(await answers()).toEqual([200, 404, 410, 410]);
});

test("no fallback leads back to us", async () => {
  await add("back.example");
  for (const field of ["rootUrl", "notFoundUrl", "expiredUrl"]) {
    const patch = await app.call("PATCH", "/domains/back.example", {
      body: { [field]: "https://BACK.example./x" },
    });
    expect([field, patch.status, patch.body.error?.details[0].path]).toEqual([field, 400, `/${field}`]);
    const made = await add("other-back.example", { [field]: "http://links.test/" });
    expect([field, made.status]).toEqual([field, 400]);
  }
});
