import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  await app.call("POST", "/domains", { body: { host: "apps.example" } });
});
afterAll(() => app.close());

const set = (body: Record<string, unknown>, options: { key?: string } = {}, host = "apps.example") =>
  app.call("PATCH", `/domains/${host}/files`, { body, ...options });
const FINGERPRINT = Array.from({ length: 32 }, () => "AB").join(":");

const association = {
  applinks: {
    apps: [],
    details: [
      {
        appIDs: ["ABCDE12345.com.example.app"],
        components: [
          { "/": "/help/*", exclude: true, comment: "stays in the browser" },
          { "/": "/*", "?": { id: "?*" } },
        ],
      },
      { appID: "ABCDE12345.com.example.old", paths: ["NOT /x", "*"] },
    ],
  },
  webcredentials: { apps: ["ABCDE12345.com.example.app"] },
};
const links = [
  {
    relation: ["delegate_permission/common.handle_all_urls"],
    target: {
      namespace: "android_app",
      package_name: "com.example.app",
      sha256_cert_fingerprints: [FINGERPRINT],
    },
  },
  {
    relation: ["delegate_permission/common.get_login_creds"],
    target: { namespace: "web", site: "https://example.com" },
  },
  { include: "https://example.com/statements.json" },
];

test("apps find their files on the domain, byte for byte, as JSON and without a redirect", async () => {
  const texts = {
    appleAppSiteAssociation: JSON.stringify(association, null, 2),
    assetLinks: JSON.stringify(links),
  };
  const { status, body } = await set(texts);
  expect([status, body.data]).toMatchObject([200, { ...texts, robots: null, host: "apps.example" }]);
  for (const [path, text] of [
    ["/.well-known/apple-app-site-association", texts.appleAppSiteAssociation],
    ["/apple-app-site-association", texts.appleAppSiteAssociation],
    ["/.well-known/assetlinks.json", texts.assetLinks],
  ] as const) {
    const answer = await app.visit(`http://apps.example${path}`);
    expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
      path,
      200,
      "application/json",
    ]);
    expect(await answer.text()).toBe(text);
    expect((await app.visit(`http://apps.example${path}`, { method: "HEAD" })).status).toBe(200);
    expect((await app.visit(`http://links.test${path}`)).status).toBe(404);
  }
  expect((await app.call("GET", "/domains/apps.example/files")).body.data).toEqual(body.data);
});

test("crawlers are told nothing is theirs, or what the domain says", async () => {
  const robots = async (host: string) => await (await app.visit(`http://${host}/robots.txt`)).text();
  expect(await robots("apps.example")).toBe("User-agent: *\nDisallow: /\n");
  const text = "# ours\r\nUser-agent: *\nAllow: /blog # and more\n\nSitemap: https://example.com/sitemap.xml";
  await set({ robots: text });
  expect(await robots("APPS.example.")).toBe(text);
  expect(await robots("links.test")).toBe("User-agent: *\nDisallow: /\n");
  await set({ robots: null });
  expect(await robots("apps.example")).toBe("User-agent: *\nDisallow: /\n");
});

test("what is set alone leaves the others, and is told with what was before", async () => {
  await set({ robots: "User-agent: one" });
  const { body } = await set({ robots: "User-agent: two" });
  expect(body.data.assetLinks).toBe(JSON.stringify(links));
  const { body: audit } = await app.operate("GET", "/audit?limit=1");
  expect(audit.data[0]).toMatchObject({
    type: "domain.files_updated",
    data: { robots: "User-agent: two" },
    previous: { robots: "User-agent: one" },
  });
});

test.each([
  ["not JSON", "{", "is not valid JSON"],
  ["a list", "[]", "is no JSON object"],
  ["no service", "{}", "names none"],
  ["no details", { applinks: {} }, "/applinks/details"],
  ["apps", { applinks: { apps: ["x"], details: [] } }, "/applinks/apps"],
  ["no app", { applinks: { details: [{ paths: [] }] } }, "/applinks/details/0"],
  ["half an app", { applinks: { details: [{ appIDs: ["com.example"] }] } }, "/applinks/details/0/appIDs/0"],
  [
    "no component",
    { applinks: { details: [{ appID: "ABCDE12345.a", components: [{ path: "/" }] }] } },
    "/applinks/details/0/components/0/path",
  ],
  ["credentials", { webcredentials: { apps: [1] } }, "/webcredentials/apps/0"],
])("an association that Apple would not take is refused: %s", async (_, value, words) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const { status, body } = await set({ appleAppSiteAssociation: text });
  const [detail] = body.error.details;
  expect([status, detail.path]).toEqual([400, "/appleAppSiteAssociation"]);
  expect(detail.message).toContain(words);
});

const android = links[0]!.target;
const relation = ["delegate_permission/common.handle_all_urls"];
test.each([
  ["an object", {}, "is no JSON list"],
  ["no relation", [{ target: android }], "/0/relation"],
  ["an odd relation", [{ relation: ["all"], target: android }], "/0/relation/0"],
  ["no target", [{ relation }], "/0/target"],
  ["no namespace", [{ relation, target: { site: "x" } }], "/0/target/namespace"],
  ["a site by http", [{ relation, target: { namespace: "web", site: "http://x" } }], "/0/target/site"],
  ["no package", [{ relation, target: { ...android, package_name: "app" } }], "/0/target/package_name"],
  [
    "small letters",
    [{ relation, target: { ...android, sha256_cert_fingerprints: [FINGERPRINT.toLowerCase()] } }],
    "/0/target/sha256_cert_fingerprints/0",
  ],
])("asset links that Google would not take are refused: %s", async (_, value, words) => {
  const { status, body } = await set({ assetLinks: JSON.stringify(value) });
  const [detail] = body.error.details;
  expect([status, detail.path]).toEqual([400, "/assetLinks"]);
  expect(detail.message).toContain(words);
});

test("a robots.txt that says nothing is refused with its line, and files have an end", async () => {
  const refused = async (body: Record<string, unknown>) => (await set(body)).body.error.details[0];
  expect(await refused({ robots: "User-agent: *\n<html>" })).toMatchObject({
    path: "/robots",
    message: expect.stringContaining("line 2"),
  });
  expect((await refused({ robots: `#${"é".repeat(20_000)}` })).message).toContain("longer than 32768 bytes");
  expect((await refused({ assetLinks: `[${" ".repeat(70_000)}]` })).path).toBe("/assetLinks");
  expect((await refused({ sitemap: "x" })).path).toBe("/sitemap");
});

test("nobody sets the files of another workspace, or of the installation's own host", async () => {
  const key = await app.stranger();
  expect((await set({ robots: "#" }, { key })).status).toBe(404);
  expect((await app.call("GET", "/domains/apps.example/files", { key })).status).toBe(404);
  expect((await set({ robots: "#" }, {}, "links.test")).status).toBe(403);
  const viewer = await app.keyOf("viewer");
  expect((await set({ robots: "#" }, { key: viewer })).status).toBe(403);
});

test("files go with their domain", async () => {
  await app.call("POST", "/domains", { body: { host: "gone.example" } });
  await set({ robots: "# here" }, {}, "gone.example");
  await app.call("DELETE", "/domains/gone.example");
  expect(await app.db.read.select().from(app.db.tables.domainFiles)).toHaveLength(1);
  expect(await (await app.visit("http://gone.example/robots.txt")).text()).not.toContain("here");
});
