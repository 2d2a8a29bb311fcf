import { expect, test } from "bun:test";
import { testMail } from "../../../src/features/mail/test-mail.ts";
import { bodyOf, inkOn } from "../../../src/platform/mail/layout.ts";
import { type Letter, momentFor, ownBrand, type Reader } from "../../../src/platform/mail/letter.ts";

const reader: Reader = { email: "ada@example.org", name: "Ada", locale: "en-GB", timeZone: "Europe/Vienna" };
const hostile = `<script>alert(1)</script>"'&`;
const letter: Letter = {
  subject: hostile,
  preview: hostile,
  parts: [
    { kind: "text", text: `${hostile}\nsecond line` },
    { kind: "code", code: "482 913" },
    { kind: "button", label: hostile, url: `https://example.com/?a=1&b="2"` },
    { kind: "facts", facts: [["Name", hostile]] },
    { kind: "note", text: "a note" },
  ],
  reason: hostile,
};

test("HTML and text say the same, whatever the parts", () => {
  const { html, text } = bodyOf(letter, reader, ownBrand, "https://example.com/leave");
  for (const said of ["second line", "482 913", "Name", "a note", "Unsubscribe", "Waypost"]) {
    expect(html).toContain(said);
    expect(text).toContain(said);
  }
  expect(text).toContain(`https://example.com/?a=1&b="2"`);
  expect(html).toContain("https://example.com/leave");
});

test("nothing that was put in becomes markup, and nothing is loaded from elsewhere", () => {
  const { html } = bodyOf(
    letter,
    reader,
    { ...ownBrand, name: hostile, website: "https://example.com" },
    null,
  );
  expect(html).not.toContain("<script");
  expect(html).not.toContain('="2"');
  expect(html).not.toMatch(/<(img|link|iframe|object)\b/);
  expect(html).not.toMatch(/url\(|@import|@font-face/);
});

test("what cannot be unsubscribed shows no such link", () => {
  const { html, text } = bodyOf(letter, reader, ownBrand, null);
  expect(html + text).not.toContain("Unsubscribe");
});

test("a brand's logo has its name for those who load no images", () => {
  const { html } = bodyOf(
    letter,
    reader,
    { ...ownBrand, name: "Acme", logoUrl: "https://acme.example/logo.png" },
    null,
  );
  expect(html).toContain('<img src="https://acme.example/logo.png" alt="Acme"');
});

test("a button's words can be read on every colour", () => {
  expect([inkOn("#1d4ed8"), inkOn("#000000"), inkOn("#ffffff"), inkOn("#facc15")]).toEqual([
    "#ffffff",
    "#ffffff",
    "#1c2024",
    "#1c2024",
  ]);
});

test("the reader's language, time zone and way of writing times are used; others fall back", () => {
  const at = Date.UTC(2026, 10, 22, 23, 30);
  expect(momentFor(reader, at)).toBe("23 November 2026 at 00:30");
  expect(momentFor({ locale: "de-AT", timeZone: "Europe/Vienna" }, at)).toBe("23. November 2026 um 00:30");
  expect(momentFor({ locale: "en-US", timeZone: "Nowhere/AtAll" }, at)).toContain("11:30");
  expect(testMail.write({ at, baseUrl: null }, { ...reader, locale: "de-AT" }).subject).toBe(
    "E-Mail funktioniert",
  );
  expect(testMail.write({ at, baseUrl: null }, { ...reader, locale: "xx" }).subject).toBe("Mail works");
});

test("of black and white the one is taken that is easier to read on a colour, whatever a workspace has chosen", () => {
  const luminance = (color: string) => {
    const [red, green, blue] = [1, 3, 5]
      .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
      .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)) as [
      number,
      number,
      number,
    ];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one: string, other: string) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  };
  for (let i = 0; i < 4096; i++) {
    const color = `#${[...i.toString(16).padStart(3, "0")].map((digit) => digit + digit).join("")}`;
    const best = Math.max(contrast("#ffffff", color), contrast("#1c2024", color));
    expect([color, contrast(inkOn(color), color) >= best - 0.01]).toEqual([color, true]);
    expect(best).toBeGreaterThan(4);
  }
});
