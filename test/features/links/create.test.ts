import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const destinationUrl = "https://example.com/landing";

test("an owner makes a link, and it is on record", async () => {
  const { status, body } = await app.call("POST", "/links", {
    body: { destinationUrl, slug: "Summer", tags: ["a", "b"] },
  });
  expect(body).toMatchObject({ success: true, status: 201, message: "Link created" });
  expect(status).toBe(201);
  expect(body.data).toMatchObject({
    slug: "Summer",
    shortUrl: "http://links.test/Summer",
    destinationUrl,
    tags: ["a", "b"],
    version: 1,
    clicks: 0,
  });
  expect((await app.events()).slice(-1)).toEqual(["link.created"]);
});
