import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TOTP } from "otpauth";
import type { Browser, Page } from "playwright-core";
import { type Running, startWaypost } from "../program/executable-server.ts";
import { freePort } from "../support/free-port.ts";
import { CALL, MAKE_PASSKEY, SESSION, withAuthenticator } from "./authenticator.ts";
import { chromiumPath, openChromium } from "./chromium.ts";

const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";

describe.skipIf(chromiumPath === null)("passkeys in a browser", () => {
  let waypost: Running;
  let browser: Browser;
  let page: Page;
  let url: string;

  beforeAll(async () => {
    // Browsers make passkeys on localhost without TLS, and for names alone.
    const port = await freePort();
    url = `http://localhost:${port}`;
    waypost = await startWaypost({
      WAYPOST_PORT: String(port),
      WAYPOST_BASE_URL: url,
      WAYPOST_RATE_LIMIT_ANONYMOUS: "0",
    });
    const body = { code: waypost.code, email: EMAIL, password: PASSWORD, workspaceName: "Acme" };
    expect((await waypost.api("POST", "/setup", { body })).status).toBe(201);
    browser = await openChromium();
    page = await browser.newPage();
    await withAuthenticator(page);
    await page.goto(`${url}/admin`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await waypost?.stop();
  });

  test("one is made by who is signed in, opens the page without a password, and opens nothing once it is removed", async () => {
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("No links yet.").waitFor();
    const made = await page.evaluate<{ status: number; data: { id: string; name: string } }>(MAKE_PASSKEY);
    expect(made).toMatchObject({ status: 200, data: { name: "Virtual" } });

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("No links yet.").waitFor();
    const session = await page.evaluate<{ data: { session: { method: string } } }>(SESSION);
    expect(session.data.session.method).toBe("passkey");

    expect(await page.evaluate<number>(REMOVE(made.data.id))).toBe(200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("This passkey opens nothing here").waitFor();
  }, 60_000);

  test("a second factor is asked for by the page, and opens it", async () => {
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("No links yet.").waitFor();
    const { data } = await page.evaluate<{ data: { secret: string } }>(ENROL);
    const totp = new TOTP({ secret: data.secret });
    const enabled = await page.evaluate<{ data: { recoveryCodes: string[] } }>(ENABLE(totp.generate()));
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("E-mail").fill(EMAIL);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Code").fill("000000");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("The code is wrong").waitFor();
    await page.getByLabel("Code").fill(enabled.data.recoveryCodes[0]!);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("No links yet.").waitFor();
  }, 60_000);
});

const REMOVE = (id: string) =>
  `(async () => { ${CALL} return (await call("DELETE", "/auth/passkeys/${id}")).status; })()`;
const ENROL = `(async () => { ${CALL} return call("POST", "/auth/totp/enrol"); })()`;
const ENABLE = (code: string) =>
  `(async () => { ${CALL} return call("POST", "/auth/totp/enable", { code: "${code}" }); })()`;
