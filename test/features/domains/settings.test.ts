import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  await add("first.example");
});
afterAll(() => app.close());

const add = (host: string, fields: Record<string, unknown> = {}) =>
  app.call("POST", "/domains", { body: { host, ...fields } });
const patch = (host: string, body: Record<string, unknown>) =>
  app.call("PATCH", `/domains/${host}`, { body });
const link = (body: Record<string, unknown>) =>
  app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...body } });
const refusal = ({ status, body }: { status: number; body: { error?: { details?: unknown } } }) => [
  status,
  (body.error?.details as { path: string }[] | undefined)?.[0]?.path,
];

test("random slugs are made of the domain's own alphabet, in its length", async () => {
  const { body } = await add("letters.example", { slugAlphabet: "0123456789abcdef", slugLength: 6 });
  expect(body.data.slugAlphabet).toBe("0123456789abcdef");
  for (let i = 0; i < 20; i++)
    expect((await link({ domain: "letters.example" })).body.data.slug).toMatch(/^[0-9a-f]{6}$/);
  await patch("letters.example", { slugAlphabet: null, slugLength: 4 });
  expect((await link({ domain: "letters.example" })).body.data.slug).toMatch(/^[2-9a-hj-np-z]{4}$/);
});

test("an alphabet that is none is refused by name", async () => {
  for (const slugAlphabet of ["abc", "x".repeat(65), "abcdefghi/", "abcdefghij a", "aabcdefghijk"])
    expect([slugAlphabet, ...refusal(await patch("first.example", { slugAlphabet }))]).toEqual([
      slugAlphabet,
      400,
      "/slugAlphabet",
    ]);
  for (const slugLength of [3, 65, 4.5])
    expect(refusal(await patch("first.example", { slugLength }))).toEqual([400, "/slugLength"]);
});

test("an alphabet of both cases goes with telling cases apart, and only with it", async () => {
  const slugAlphabet = "abcdefghijABCDEFGHIJ";
  expect(refusal(await add("mixed.example", { slugAlphabet }))).toEqual([400, "/slugAlphabet"]);
  expect((await add("mixed.example", { slugAlphabet, caseSensitive: true })).status).toBe(201);
  expect(refusal(await patch("mixed.example", { caseSensitive: false }))).toEqual([400, "/slugAlphabet"]);
  expect((await patch("mixed.example", { caseSensitive: false, slugAlphabet: null })).status).toBe(200);
});

test("an archived domain serves what it has, takes no new link, and takes them again", async () => {
  await add("old.example");
  await link({ domain: "old.example", slug: "kept" });
  const { body } = await app.call("POST", "/domains/old.example/archive");
  expect(body.data.archivedAt).toBe(new Date(app.clock.now()).toISOString());
  expect((await app.visit("http://old.example/kept")).status).toBe(302);
  expect(refusal(await link({ domain: "old.example" }))).toEqual([409, "/domain"]);
  expect(refusal(await patch("old.example", { isDefault: true }))).toEqual([409, "/domain"]);
  const asDefault = await app.call("PATCH", "/workspace", { body: { defaultDomainId: body.data.id } });
  expect(refusal(asDefault)).toEqual([400, "/defaultDomainId"]);
  expect((await app.call("PATCH", "/links/old.example/kept", { body: { title: "t" } })).status).toBe(404);
  const back = await app.call("POST", "/domains/old.example/unarchive");
  expect(back.body.data.archivedAt).toBeNull();
  expect((await link({ domain: "old.example" })).status).toBe(201);
  expect((await app.events()).filter((type) => type.startsWith("domain.")).slice(-2)).toEqual([
    "domain.archived",
    "domain.unarchived",
  ]);
});

test("archiving twice is done once, and a default is not archived", async () => {
  await add("twice.example");
  await app.call("POST", "/domains/twice.example/archive");
  const before = (await app.events()).length;
  expect((await app.call("POST", "/domains/twice.example/archive")).status).toBe(200);
  expect(await app.events()).toHaveLength(before);
  expect((await app.call("POST", "/domains/first.example/archive")).status).toBe(409);
  expect((await app.call("POST", "/domains/links.test/archive")).status).toBe(403);
  const stranger = await app.stranger();
  expect((await app.call("POST", "/domains/twice.example/unarchive", { key: stranger })).status).toBe(404);
});

test("our own pages show whose the domain is, and escape it", async () => {
  await add("brand.example");
  const { body } = await patch("brand.example", {
    branding: { name: ' A<b> "&" ', color: "#AA00ff", url: "https://example.com/?a=1&b=%222" },
  });
  expect(body.data.branding).toEqual({
    name: 'A<b> "&"',
    color: "#aa00ff",
    url: "https://example.com/?a=1&b=%222",
  });
  await link({ domain: "brand.example", slug: "over", expiresAt: "2020-01-01T00:00:00Z" });
  for (const [path, status] of [
    ["/", 200],
    ["/nobody", 404],
    ["/over", 410],
  ] as const) {
    const answer = await app.visit(`http://brand.example${path}`);
    const html = await answer.text();
    expect([path, answer.status]).toEqual([path, status]);
    expect(html).toContain('href="https://example.com/?a=1&#38;b=%222"');
    expect(html).toContain("A&#60;b&#62; &#34;&#38;&#34;</a>");
    const own = /<style>(main::before\{background:#aa00ff\})<\/style>/.exec(html)![1]!;
    const hash = new Bun.CryptoHasher("sha256").update(own).digest("base64");
    expect(answer.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
  }
  await patch("brand.example", { branding: {} });
  expect(await (await app.visit("http://brand.example/nobody")).text()).not.toContain("<footer");
});

test("branding that is none is refused by name", async () => {
  for (const [field, value] of [
    ["name", "two\nlines"],
    ["name", "x".repeat(61)],
    ["color", "red"],
    ["color", "#12345g"],
    ["url", "javascript:alert(1)"],
    ["logo", "x"],
  ])
    expect([field, ...refusal(await patch("first.example", { branding: { [field!]: value } }))]).toEqual([
      field!,
      400,
      `/branding/${field}`,
    ]);
});
