import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const template = (body: object) => app.call("POST", "/utm-templates", { body });
const link = (body: object) =>
  app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...body } });

test("a template fills the campaign parameters of a link; what the link says itself goes before it", async () => {
  const { id } = (
    await template({
      name: "Letter",
      source: "{domain}",
      medium: "mail",
      campaign: "{campaign} {date}",
      term: "{slug}",
    })
  ).body.data;
  const campaignId = (await app.call("POST", "/campaigns", { body: { name: "Spring {slug}" } })).body.data.id;
  const { body } = await link({ utmTemplateId: id, slug: "hello", campaignId, utm: { medium: "print" } });
  expect(body.data.utm).toEqual({
    source: "links.test",
    medium: "print",
    campaign: "Spring slug 2026-03-10",
    term: "hello",
    content: null,
  });
  const to = new URL((await app.visit("http://links.test/hello")).headers.get("location")!);
  expect(to.searchParams.get("utm_campaign")).toBe("Spring slug 2026-03-10");
  // Links that were made with it stay as they are.
  await app.call("PATCH", `/utm-templates/${id}`, { body: { term: "otherwise" } });
  await app.call("DELETE", `/utm-templates/${id}`);
  expect((await app.call("GET", `/links/${body.data.id}`)).body.data.utm.term).toBe("hello");
});

test("without a campaign its place stays empty", async () => {
  const { id } = (await template({ name: "Plain", campaign: "{campaign}", source: "s" })).body.data;
  expect((await link({ utmTemplateId: id })).body.data.utm).toMatchObject({ campaign: null, source: "s" });
});

test("an unknown placeholder, an empty template, a taken name and a template of others are refused by name", async () => {
  await template({ name: "Taken", source: "s" });
  const key = await app.stranger();
  const theirs = await app.call("POST", "/utm-templates", { key, body: { name: "T", source: "s" } });
  for (const [answer, status, path] of [
    [await template({ name: "x", source: "{nothing}" }), 400, "/source"],
    [await template({ name: "x", source: "{slug" }), 400, "/source"],
    [await template({ name: "x" }), 400, "/source"],
    [await template({ name: "TAKEN", source: "s" }), 409, "/name"],
    [await link({ utmTemplateId: theirs.body.data.id }), 400, "/utmTemplateId"],
  ] as const)
    expect([answer.status, answer.body.error.details[0].path]).toEqual([status, path]);
});
