import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { eventually, type Running, startWaypost } from "../program/executable-server.ts";
import { chromiumPath, openChromium } from "./chromium.ts";

/** Set it to a folder, and the page is photographed there in every state the tests bring it to. */
const photos = process.env["TEST_SCREENSHOTS"];

describe.skipIf(chromiumPath === null)("the page", () => {
  let waypost: Running;
  let browser: Browser;
  let page: Page;
  let key: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    waypost = await startWaypost({ WAYPOST_RATE_LIMIT_ANONYMOUS: "0" });
    browser = await openChromium();
    page = await opened(
      await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US" }),
    );
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await waypost.stop();
  });

  async function opened(context: BrowserContext): Promise<Page> {
    const made = await context.newPage();
    made.on("pageerror", (error) => complaints.push(error.message));
    made.on("console", (message) => {
      if (/Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
    });
    made.on("request", (request) => {
      if (new URL(request.url()).origin !== waypost.url) complaints.push(`asked ${request.url()}`);
    });
    await made.goto(`${waypost.url}/admin`);
    return made;
  }
  async function photo(name: string, of = page): Promise<void> {
    if (photos === undefined) return;
    mkdirSync(photos, { recursive: true });
    await of.screenshot({ path: `${photos}/${name}.png` });
  }
  const problem = (field: string) => page.locator(`[data-field=${field}] .problem`);
  const row = (slug: string, of = page) => of.locator(".links > li", { hasText: `/${slug}` });

  test("the first run says at each field what is wrong with it", async () => {
    await page.getByRole("button", { name: "Set up" }).click();
    expect(await problem("code").textContent()).toBe("Setup code is missing");
    await page.getByLabel("Setup code").fill("AAAAA-AAAAA");
    await page.getByLabel("E-mail").fill("nobody");
    await page.getByLabel("Password").fill("short");
    await page.getByLabel("Workspace").fill("Acme");
    await page.getByRole("button", { name: "Set up" }).click();
    await eventually(
      () => problem("email").textContent(),
      (text) => text !== "",
    );
    expect(await problem("email").textContent()).toContain("E-mail must be");
    expect(await problem("password").textContent()).toContain("10");
    expect(await page.getByLabel("E-mail").getAttribute("aria-invalid")).toBe("true");
    expect(await page.evaluate<string>(FOCUSED)).toBe("email");
    await photo("setup-refused");
  });

  test("a wrong code is told at the code", async () => {
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Set up" }).click();
    await eventually(
      () => problem("code").textContent(),
      (text) => text !== "",
    );
    expect(await problem("code").textContent()).toContain("wrong");
  });

  test("the right code leads to the key, shown once, and on to an empty list", async () => {
    await page.getByLabel("Setup code").fill(waypost.code!);
    await page.getByRole("button", { name: "Set up" }).click();
    key = (await page.locator("#owner-key").textContent())!;
    expect(key).toMatch(/^way_sk_live_/);
    await photo("key");
    await page.getByRole("button", { name: "go on" }).click();
    await page.getByText("No links yet.").waitFor();
    // The operator is signed in by that, with a cookie this page cannot read; no secret stands in its storage.
    expect(await page.evaluate<string>(STORED)).toMatch(/^\{"waypost\.workspace":"ws_\w{26}"\}$/);
    expect(await page.evaluate<string>("document.cookie")).toBe("");
    await photo("empty");
  });

  test("a refused destination is told at its field", async () => {
    await page.getByLabel("Destination").fill("javascript:alert(1)");
    await page.getByRole("button", { name: "Shorten" }).click();
    await eventually(
      () => problem("destinationUrl").textContent(),
      (text) => text !== "",
    );
    expect(await problem("destinationUrl").textContent()).toStartWith("Destination must");
  });

  test("a link is made from what people paste, and stands on top of the list", async () => {
    await page.getByLabel("Destination").fill("example.com/landing?utm_source=news");
    await page.getByLabel("Slug").fill("summer");
    await page.getByRole("button", { name: "Shorten" }).click();
    await row("summer").waitFor();
    expect(await row("summer").locator(".destination").textContent()).toBe(
      "example.com/landing?utm_source=news",
    );
    expect(await page.locator(".made a").getAttribute("href")).toBe(`${waypost.url}/summer`);
    await page.getByLabel("Destination").fill("https://example.com/");
    await page.getByLabel("Slug").fill("summer");
    await page.getByRole("button", { name: "Shorten" }).click();
    await eventually(
      () => problem("slug").textContent(),
      (text) => text !== "",
    );
    expect(await page.evaluate<string>(FOCUSED)).toBe("slug");
  });

  test("what is folded away reaches the link, in the reader's time zone", async () => {
    await page.getByText("More options").click();
    await page.getByLabel("Slug").fill("later");
    await page.getByLabel("Title").fill("A title");
    await page.getByLabel("Tags").fill("web, spring,");
    await page.getByLabel("Expires").fill("2030-05-01T12:00");
    await page.getByLabel("Most clicks").fill("5");
    await page.getByRole("button", { name: "Shorten" }).click();
    await row("later").waitFor();
    const { data } = await waypost.api("GET", "/links/later?domain=127.0.0.1", { key });
    const expiresAt = await page.evaluate<string>(`new Date("2030-05-01T12:00").toISOString()`);
    expect(data).toMatchObject({ title: "A title", tags: ["web", "spring"], clicksLimit: 5, expiresAt });
    expect(await row("later").textContent()).toContain("5 clicks left");
    await page.getByText("More options").click();
  });

  test("clicks appear by themselves, and the details tell who they were", async () => {
    for (const headers of VISITORS) await fetch(`${waypost.url}/summer`, { redirect: "manual", headers });
    const clicks = row("summer").locator(".clicks dd");
    expect(
      await eventually(
        () => clicks.textContent(),
        (text) => text === "3",
        15_000,
      ),
    ).toBe("3");
    await photo("list");
    await row("summer").getByRole("button", { name: "Details" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.locator(".chart").waitFor();
    const told = (await sheet.textContent()) ?? "";
    for (const text of ["3 clicks", "1 by bots", "news.example.org", "Firefox", "Mobile"])
      expect(told).toContain(text);
    await photo("detail");
    await sheet.getByText("As a table").click();
    expect(await sheet.locator("tbody tr").count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
  }, 120_000);

  test("search finds, and says when it does not", async () => {
    await page.getByLabel("Search links").fill("title");
    await row("summer").waitFor({ state: "detached" });
    expect(await page.locator(".links > li").count()).toBe(1);
    await page.getByLabel("Search links").fill("nowhere");
    await page.getByText("No link has").waitFor();
    await page.getByLabel("Search links").fill("");
    await row("summer").waitFor();
  });

  test("archive, trash and back, by keyboard alone", async () => {
    const act = async (slug: string, name: string) => {
      await row(slug).getByRole("button", { name }).focus();
      await page.keyboard.press("Enter");
      await row(slug).waitFor({ state: "detached" });
    };
    await act("later", "Archive");
    await page.getByLabel("Which links").selectOption("archived");
    await row("later").waitFor();
    await act("later", "Trash");
    await page.getByLabel("Which links").selectOption("trash");
    await row("later").waitFor();
    await act("later", "Restore");
    await page.getByText("The trash is empty.").waitFor();
    await page.getByLabel("Which links").selectOption("active");
  });

  test("a wrong key is told at its field; the right one opens on a phone, in the dark, without scrolling sideways", async () => {
    const context = await browser.newContext({
      viewport: { width: 390, height: 844 },
      colorScheme: "dark",
      deviceScaleFactor: 2,
    });
    const phone = await opened(context);
    await phone.getByText("Use an API key").click();
    await phone.getByLabel("API key").fill("way_sk_live_wrong");
    await phone.getByRole("button", { name: "Open with the key" }).click();
    await eventually(
      () => phone.locator("[data-field=key] .problem").textContent(),
      (text) => text !== "",
    );
    await photo("phone-sign-in", phone);
    await phone.getByLabel("API key").fill(key);
    await phone.getByRole("button", { name: "Open with the key" }).click();
    await row("summer", phone).waitFor();
    expect(await phone.evaluate<number>("document.documentElement.scrollWidth")).toBe(390);
    await photo("phone-list", phone);
    await row("summer", phone).getByRole("button", { name: "Details" }).click();
    await phone.locator(".chart").waitFor();
    await photo("phone-detail", phone);
    await context.close();
  });

  test("every control has a name that can be heard", async () => {
    const nameless = await page.evaluate<string[]>(NAMELESS);
    expect(nameless).toEqual([]);
  });

  test("signing out ends the session on the server; a wrong password is told, and the right one opens", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    expect(await page.evaluate<number>("sessionStorage.length")).toBe(0);
    await page.reload();
    await page.getByLabel("E-mail").fill("ADA@example.com");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    const general = page.locator("form .problem.general").first();
    await eventually(
      () => general.textContent(),
      (text) => text !== "",
    );
    expect(await general.textContent()).toBe("E-mail address or password is wrong.");
    await photo("sign-in-refused");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await row("summer").waitFor();
    // A page that is opened anew finds its session, and may write.
    await page.reload();
    await row("summer").waitFor();
    await row("summer").getByRole("button", { name: "Archive" }).click();
    await row("summer").waitFor({ state: "detached" });
  }, 30_000);

  test("a letter's link leads to the page that does what it says, and is asked first", async () => {
    await page.goto(`${waypost.url}/admin#reset=${"x".repeat(43)}`);
    await page.getByLabel("New password").fill("another-lantern-77");
    await page.getByRole("button", { name: "Set password" }).click();
    const general = page.locator("form .problem.general").first();
    await eventually(
      () => general.textContent(),
      (text) => text !== "",
    );
    expect(await general.textContent()).toContain("This link was used");
    for (const [what, button] of [
      ["verify", "Confirm address"],
      ["email", "Confirm"],
    ] as const) {
      await page.goto(`${waypost.url}/admin#${what}=${"x".repeat(43)}`);
      if (what === "verify")
        await page.getByLabel("Password", { exact: true }).fill("quiet-harbour-lantern-42");
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.getByText("This link was used").waitFor();
    }
    await page.goto(`${waypost.url}/admin`);
  });

  test("all the while nothing broke, nothing was blocked, and nobody else was asked", () => {
    expect(complaints).toEqual([]);
  });
});

const VISITORS: Record<string, string>[] = [
  {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    referer: "https://news.example.org/story",
  },
  {
    "user-agent":
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
  },
  {
    "user-agent":
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
  },
  { "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)" },
];

/** Asked of the browser as text: the tests themselves know no document. */
const STORED = "JSON.stringify({ ...sessionStorage, ...localStorage })";
const FOCUSED = `document.activeElement?.getAttribute("name")`;
const NAMELESS = `[...document.querySelectorAll("button, a, input, select")]
  .filter((one) => !(one.textContent?.trim() || one.getAttribute("aria-label") || one.labels?.length))
  .map((one) => one.outerHTML)`;
