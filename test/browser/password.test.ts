import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { type TestApp, testApp } from "../support/app.ts";
import { chromiumPath, openChromium } from "./chromium.ts";

/** Set it to a folder, and the page is photographed there. */
const photos = process.env["TEST_SCREENSHOTS"];

describe.skipIf(chromiumPath === null)("the page that asks for a password", () => {
  let app: TestApp;
  let browser: Browser;
  let elsewhere: Bun.Server<undefined>;
  const arrived: string[] = [];

  beforeAll(async () => {
    app = await testApp();
    browser = await openChromium();
    elsewhere = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        arrived.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
        return new Response("arrived", { headers: { "content-type": "text/plain" } });
      },
    });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await elsewhere.stop(true);
    await app.close();
  });

  test("lets through whoever types it, without script, to another origin, which is sent no password", async () => {
    const { status } = await app.call("POST", "/links", {
      body: {
        destinationUrl: `http://127.0.0.1:${elsewhere.port}/hidden`,
        slug: "shut",
        password: "open-it",
        // A browser that repeats the POST elsewhere would be told to by this one.
        redirectStatus: 307,
      },
    });
    expect(status).toBe(201);
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 390, height: 700 },
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    const address = `http://localhost:${app.app.server.port}/shut`;
    await page.goto(address);
    await page.getByLabel("Password").fill("wrong");
    if (photos) {
      mkdirSync(photos, { recursive: true });
      await page.screenshot({ path: `${photos}/link-password.png` });
    }
    await page.getByRole("button", { name: "Open the link" }).click();
    await page.getByLabel("Try again").fill("open-it");
    await page.getByRole("button", { name: "Open the link" }).click();
    await page.waitForURL("**/hidden");
    expect(await page.textContent("body")).toBe("arrived");
    await page.goto(address);
    await page.waitForURL("**/hidden");
    const pages = arrived.filter((one) => one.includes("/hidden"));
    expect(pages).toEqual(["GET /hidden ", "GET /hidden "]);
    // A refusal is told as a failure to load; nothing else is.
    expect(complaints.filter((one) => !one.includes("403"))).toEqual([]);
    await context.close();
  }, 60_000);
});
