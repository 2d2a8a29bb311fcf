import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import {
  accountExistsMail,
  changeEmailMail,
  confirmCodeMail,
  resetPasswordMail,
  signInCodeMail,
  verifyEmailMail,
} from "../../src/features/identity/letters.ts";
import { noticeMail } from "../../src/features/identity/notices.ts";
import { inviteMail } from "../../src/features/invites/invite-mail.ts";
import { testMail } from "../../src/features/mail/test-mail.ts";
import { transferMail } from "../../src/features/members/transfer-mail.ts";
import { deletedMail } from "../../src/features/workspaces/deleted-mail.ts";
import { bodyOf } from "../../src/platform/mail/layout.ts";
import { type Letter, ownBrand, type Reader } from "../../src/platform/mail/letter.ts";
import { chromiumPath, openChromium } from "./chromium.ts";

const reader = { email: "ada@example.org", name: "Ada", locale: "en", timeZone: "Europe/Vienna" };
const whence = {
  at: Date.UTC(2026, 10, 22, 9),
  network: "192.0.2.0/24",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
};
const linked = { url: `https://links.example.com/admin#verify=${"x".repeat(43)}`, ...whence };
/** Every part there is, and every letter of the product. A folder in `WAYPOST_SHOTS` gets a picture of each. */
const letters: Record<string, Letter> = {
  parts: {
    subject: "Everything a mail can hold",
    preview: "One of each.",
    parts: [
      {
        kind: "text",
        text: "A text that is long enough to run over more than one line on every screen there is.",
      },
      { kind: "code", code: "482 913" },
      { kind: "button", label: "Open it", url: "https://links.example.com/open?token=Zm9vYmFyYmF6cXV4" },
      {
        kind: "facts",
        facts: [
          ["Asked for", "22 November 2026"],
          ["From", "192.0.2.0/24, Firefox on Linux"],
        ],
      },
      { kind: "note", text: "A note in small print." },
    ],
    reason: "You receive this because you asked for it.",
  },
  "test-mail": testMail.write(
    { at: Date.UTC(2026, 10, 22, 9), baseUrl: "https://links.example.com" },
    reader,
  ),
  "sign-in-code": signInCodeMail.write({ code: "48291307", ...whence }, reader),
  "confirm-code": confirmCodeMail.write({ code: "48291307", ...whence }, { ...reader, locale: "de" }),
  "verify-email": verifyEmailMail.write(linked, reader),
  "account-exists": accountExistsMail.write(linked, reader),
  "reset-password": resetPasswordMail.write(linked, { ...reader, locale: "de-AT" }),
  "change-email": changeEmailMail.write(
    { ...linked, oldEmail: "ada@example.org", newEmail: "ada@example.com" },
    reader,
  ),
  notice: noticeMail.write({ notice: "refreshReused", ...whence }, reader),
};

/** Letters that come in more than one language, for a reader of each. */
const written: Record<string, (reader: Reader) => Letter> = {
  invite: (to) =>
    inviteMail.write(
      {
        workspace: "Acme & Söhne",
        role: "editor",
        isBuiltIn: true,
        from: "grace@example.org",
        expiresAt: Date.UTC(2026, 10, 29, 9),
        url: `https://links.example.com/admin#invite=${"Zm9vYmFyYmF6cXV4".repeat(3)}`,
      },
      to,
    ),
  transfer: (to) =>
    transferMail.write(
      {
        workspace: "Acme & Söhne",
        from: "grace@example.org",
        expiresAt: Date.UTC(2026, 10, 29, 9),
        baseUrl: "https://links.example.com",
      },
      to,
    ),
  deleted: (to) =>
    deletedMail.write(
      {
        workspace: "Acme & Söhne",
        purgeAt: Date.UTC(2026, 11, 22, 9),
        baseUrl: "https://links.example.com",
      },
      to,
    ),
};
for (const [name, write] of Object.entries(written))
  for (const locale of ["en", "de-AT"]) letters[`${name}-${locale}`] = write({ ...reader, locale });

/** Runs in the page. */
const worstContrast = readFileSync(join(import.meta.dir, "worst-contrast.js"), "utf8");

let browser: Browser | undefined;
beforeAll(async () => {
  if (chromiumPath !== null) browser = await openChromium();
});
afterAll(() => browser?.close());

test.skipIf(chromiumPath === null).each(Object.keys(letters))(
  "%s can be read in light and dark, on a desk and on a phone",
  async (name) => {
    const { html } = bodyOf(letters[name]!, reader, ownBrand, "https://links.example.com/leave");
    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [800, 360]) {
        const page = await browser!.newPage({ colorScheme, viewport: { width, height: 900 } });
        const asked: string[] = [];
        page.on("request", (request) => asked.push(request.url()));
        await page.setContent(html);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
          width,
        );
        const contrasts = await page.evaluate<{ text: string; ratio: number }>(worstContrast);
        expect([name, colorScheme, contrasts.text, contrasts.ratio >= 4.5]).toEqual([
          name,
          colorScheme,
          contrasts.text,
          true,
        ]);
        expect(asked).toEqual([]);
        const folder = process.env["WAYPOST_SHOTS"];
        if (folder) await page.screenshot({ path: `${folder}/mail-${name}-${colorScheme}-${width}.png` });
        await page.close();
      }
  },
);
