import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type Running, runWaypost, startWaypost } from "../program/executable-server.ts";
import { chromiumPath, openChromium } from "./chromium.ts";

const KEY = `owner-key-${"0".repeat(40)}`;

describe.skipIf(chromiumPath === null)("an invitation's link", () => {
  let waypost: Running;
  let browser: Browser;
  let base: string;
  beforeAll(async () => {
    waypost = await startWaypost({ WAYPOST_SETUP_KEY: KEY });
    browser = await openChromium();
    const { data } = await waypost.api("GET", "/workspace", { key: KEY });
    base = `/workspaces/${data.id}`;
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await waypost.stop();
  });

  /** The link in the letter, as the operator reads it where no mail server is set. */
  async function linkTo(email: string): Promise<{ id: string; link: string }> {
    const invite = await waypost.api("POST", `${base}/invites`, { key: KEY, body: { email } });
    const { folder } = waypost;
    const list = await runWaypost(["mail", "list", "--json"], { folder });
    const [mail] = JSON.parse(list.out) as { id: string }[];
    const { out } = await runWaypost(["mail", "show", mail!.id], { folder });
    return { id: invite.data.id, link: /http\S+#invite=\w+/.exec(out)![0] };
  }

  test("makes an account and a member of it, and leaves the token neither in the address nor with a server", async () => {
    const { link } = await linkTo("ada@example.org");
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("request", (request) => asked.push(request.url(), request.headers()["referer"] ?? ""));
    await page.goto(link);
    await page.getByText("invites ada@example.org to the workspace Main, as editor").waitFor();
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Accept" }).click();
    await page.locator("[data-field=password] .problem", { hasText: "10" }).waitFor();
    await page.getByLabel("First name").fill("Ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByText("You are in Main").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(page.url()).not.toContain("invite");
    const token = link.split("#invite=")[1]!;
    expect(asked.filter((url) => url.includes(token))).toEqual([]);
    expect(complaints).toEqual([]);
    const { data } = await waypost.api("GET", `${base}/members`, { key: KEY });
    expect(data.map((one: { email: string; firstName: string }) => [one.email, one.firstName])).toEqual([
      ["ada@example.org", "Ada"],
    ]);
    await page.close();
  });

  test("says so when it opens nothing any more", async () => {
    const { id, link } = await linkTo("bob@example.org");
    await waypost.api("DELETE", `${base}/invites/${id}`, { key: KEY });
    const page = await browser.newPage();
    await page.goto(link);
    await page.getByText("This invitation opens nothing").waitFor();
    await page.close();
  });
});
