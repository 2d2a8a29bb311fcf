import { randomText } from "./secrets.ts";

/**
 * The canonical slug of a request path: leading slash off, percent-decoded exactly once as UTF-8, NFC, one
 * trailing slash off. `""` is the root. Null when no slug looks like this: broken UTF-8 or control characters.
 */
export function slugOf(pathname: string): string | null {
  const path = pathname.startsWith("/") ? pathname.slice(1) : pathname;
  const slug = PLAIN.test(path) ? path : decoded(path);
  return slug?.endsWith("/") ? slug.slice(0, -1) : slug;
}

function decoded(path: string): string | null {
  try {
    const text = decodeURIComponent(path);
    return CONTROL.test(text) || !text.isWellFormed() ? null : canonicalSlug(text);
  } catch {
    return null;
  }
}

/** The form a slug is stored and shown in: composed (NFC), so that two ways to type `é` are one link. */
export const canonicalSlug = (text: string): string => text.normalize("NFC");

/**
 * The unique key of a slug on its domain: lower case unless the domain tells cases apart. Emoji are the same
 * with and without their invisible variation selector, for keyboards differ in sending it.
 */
export function foldSlug(slug: string, caseSensitive: boolean): string {
  if (ASCII.test(slug)) return caseSensitive ? slug : slug.toLowerCase();
  const plain = canonicalSlug(slug.replace(VARIATION_SELECTOR, ""));
  // Lower-casing makes a final sigma of a sigma by looking at its neighbours; a key must not.
  return caseSensitive ? plain : canonicalSlug(plain.toLowerCase().replaceAll("ς", "σ"));
}

/** The path of a short URL: `/` and the slug, percent-encoded, always ASCII. `slugOf` takes it back. */
export const slugPath = (slug: string): string =>
  `/${encodeURI(slug.toWellFormed()).replace(/[?#]/g, encodeURIComponent)}`;

/**
 * Why people may not choose this slug, as a sentence, or null when they may. Generated and imported slugs are
 * held to it too. Judge and store the `canonicalSlug`.
 */
export function slugProblem(slug: string): string | null {
  if (slug === "") return "The slug is empty.";
  if (!slug.isWellFormed()) return "The slug holds half a character (a lone surrogate).";
  if (slug.length > slugLengthMax) return `The slug is longer than ${slugLengthMax} characters.`;
  const sign = /[?#%\\]/.exec(slug)?.[0];
  if (sign) return `The slug holds "${sign}", which means something else in a URL.`;
  const hidden = HIDDEN.exec(withoutVisibleEmoji(slug))?.[0];
  if (hidden) return `The slug holds an invisible or unknown character (${codePoint(hidden)}).`;
  return segmentsProblem(canonicalSlug(slug).split("/"));
}

/** Longest slug, in UTF-16 units. Percent-encoded it stays well below what servers take as a URL. */
export const slugLengthMax = 190;

function segmentsProblem(segments: readonly string[]): string | null {
  if (segments.includes("")) return "The slug begins or ends with a slash, or has two in a row.";
  if (segments.some((one) => one === "." || one === ".."))
    return 'A part of the slug is "." or "..", which browsers resolve before they ask.';
  if (segments.some((one) => /^\p{M}/u.test(one)))
    return "A part of the slug begins with a combining character.";
  if (isReserved(segments[0]!)) return `"${segments[0]}" is reserved for Waypost itself.`;
  return null;
}

/**
 * First path segments that belong to the product, and on which hosts they answer: `base` only on the
 * installation's own host, `any` on custom domains too. The server's front is built from this table, so a
 * path it answers can never be a slug.
 */
export const reservedPaths = {
  api: "base",
  admin: "base",
  healthz: "base",
  readyz: "base",
  metrics: "base",
  _ui: "base",
  ".well-known": "any",
  "robots.txt": "any",
  "favicon.ico": "any",
  "sitemap.xml": "any",
  "apple-app-site-association": "any",
} as const;
export type ReservedPath = keyof typeof reservedPaths;

/** True when the first segment of a slug is the product's own, in any case. */
const isReserved = (segment: string): boolean => Object.hasOwn(reservedPaths, foldSlug(segment, false));

/**
 * A slug nobody can guess, drawn evenly. Of the usual 31 characters without look-alikes (no 0 o, 1 i l) eight are
 * 852,891,037,441 possibilities. Never one that is reserved, which other alphabets could make.
 */
export function randomSlug(length: number, alphabet: string = slugAlphabet): string {
  for (;;) {
    const slug = randomText(length, alphabet);
    if (alphabet === slugAlphabet || slugProblem(slug) === null) return slug;
  }
}

/** What generated slugs are made of. */
export const slugAlphabet = "23456789abcdefghjkmnpqrstuvwxyz";

/** Letters the eye takes for one another lie in different scripts: worth a warning beside such a slug. */
export const mixesScripts = (slug: string): boolean =>
  [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u].filter(
    (script) => script.test(slug),
  ).length > 1;

// Joiners and selectors inside an emoji are part of what is seen; anywhere else they hide.
const withoutVisibleEmoji = (slug: string): string => slug.replace(EMOJI, "x");
const EMOJI =
  /\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?(?:\u200d\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?)*/gu;
// Control, format, unassigned, private; blanks of every kind; what fonts draw as nothing.
const HIDDEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\ufffc\ufffd]/u;
const VARIATION_SELECTOR = /[\ufe0e\ufe0f]/g;
const PLAIN = /^[\w.~/-]*$/;
const ASCII = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f-\x9f]/;

const codePoint = (text: string): string =>
  `U+${text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
