import type { LinkRow } from "./model.ts";

type Searched = Pick<
  LinkRow,
  "slug" | "destinationUrl" | "title" | "externalId" | "tagIds" | "description" | "notes"
>;

/** More of a link than this is not looked into: a page of notes must not cost what a thousand links do. */
const TEXT_MAX = 4000;
/** Longer words are numbers and hashes; their beginnings tell them apart. */
export const WORD_MAX = 40;

/** Scripts that put no space between words: each letter is looked for by itself. */
const APART = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/v;
const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|\p{Extended_Pictographic}|[[\p{L}\p{N}\p{M}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]]+/gv;
const PLAIN_WORDS = /[a-z0-9]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;

/**
 * The words of a text, as they are looked for and found: one spelling of each letter, in lower case, without anything
 * between. A database's own lower-casing knows ASCII only, or differs by locale.
 */
export function wordsOf(text: string): string[] {
  const plain = ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKC").toLowerCase();
  const words = plain.match(ASCII.test(plain) ? PLAIN_WORDS : WORDS) ?? [];
  return words.map((word) => (word.length > WORD_MAX ? word.slice(0, WORD_MAX) : word));
}

/** True for what the index holds letter by letter. */
export const standsApart = (word: string): boolean => APART.test(word);

/** What search looks into: all words of a link, each with a space before it, and the ids of its tags. */
export function searchText(link: Searched): string {
  const { slug, destinationUrl, title, externalId, tagIds, description, notes } = link;
  const text = [slug, readable(destinationUrl), title ?? "", externalId ?? "", description ?? "", notes ?? ""]
    .join("\n")
    .slice(0, TEXT_MAX);
  return [...wordsOf(text), ...tagIds].map((word) => ` ${word}`).join("");
}

/** A destination as people write it: without its scheme, and `%C3%A9` as é. */
function readable(href: string): string {
  const bare = href.replace(/^[a-z][a-z0-9+.-]*:(\/\/)?(www\.)?/, "");
  if (!bare.includes("%")) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
