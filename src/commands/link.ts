import type { Link } from "../features/links/model.ts";
import { type Ask, apiOptions, askApi, table } from "./api-call.ts";
import { type Call, type Command, Misuse } from "./command.ts";
import { columns } from "./help.ts";

export const linkCreateCommand: Command = {
  name: "link create",
  about: "Makes a short link and prints its address.",
  takes: "<destination>",
  words: [1, 1],
  options: {
    slug: { value: "SLUG", about: "The path of the short link; random when left out." },
    domain: { value: "HOST", about: "The domain; the workspace's default when left out." },
    title: { value: "TEXT", about: "A title." },
    tags: { value: "A,B", about: "Tags, with commas between." },
    "external-id": { value: "ID", about: "Your own id." },
    "expires-at": { value: "TIME", about: "When it ends, such as 2027-01-31T00:00:00Z." },
    "expired-url": { value: "URL", about: "Where it leads then." },
    "clicks-limit": { value: "N", about: "How many human clicks are sent on." },
    status: { value: "CODE", about: "Redirect status: 301, 302, 307 or 308." },
    "find-existing": { about: "Answers the link that leads there already, if there is one." },
    ...apiOptions,
  },
  run: (call) =>
    askApi(
      call,
      async (ask, workspace) => ask<Link>("POST", "/links", inputOf(call), await workspace()),
      ({ shortUrl }) => shortUrl,
    ),
};

/** What was typed, in the API's names; what is wrong with it, the API says. */
const inputOf = (call: Call) => ({
  destinationUrl: call.words[0],
  slug: call.text("slug"),
  domain: call.text("domain"),
  title: call.text("title"),
  tags: call
    .text("tags")
    ?.split(",")
    .map((tag) => tag.trim()),
  externalId: call.text("external-id"),
  expiresAt: call.text("expires-at"),
  expiredUrl: call.text("expired-url"),
  clicksLimit: numberOf(call, "clicks-limit"),
  redirectStatus: numberOf(call, "status"),
  ...(call.has("find-existing") ? { findExisting: true } : {}),
});

export const linkListCommand: Command = {
  name: "link list",
  about: "Lists links, newest first.",
  words: [0, 0],
  options: {
    search: {
      value: "WORDS",
      about: "Words that must all be in slug, destination, title, tags or description.",
    },
    tag: { value: "A,B", about: "Links with any of these tags." },
    domain: { value: "HOST", about: "Links of this domain." },
    archived: { about: "Archived links instead." },
    deleted: { about: "The trash instead." },
    limit: { value: "N", about: "How many, 20 when left out, 100 at most." },
    page: { value: "N", about: "Which page of so many." },
    ...apiOptions,
  },
  run: (call) =>
    askApi(
      call,
      async (ask, workspace) => ask<Link[]>("GET", `/links${queryOf(call)}`, undefined, await workspace()),
      (links) => (links.length === 0 ? "No links." : table([HEAD, ...links.map(row)])),
    ),
};

const HEAD = ["SHORT URL", "DESTINATION", "CLICKS", "UNIQUE", "BOTS", "LAST CLICK"];
const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
const row = (link: Link): string[] => [
  link.shortUrl,
  shortened(link.destinationUrl ?? "nowhere"),
  String(link.clicks),
  String(link.uniqueClicks),
  String(link.botClicks),
  link.lastClickedAt ?? "never",
];

function queryOf(call: Call): string {
  const query = new URLSearchParams();
  for (const name of ["search", "tag", "domain", "limit", "page"]) {
    const text = call.text(name);
    if (text !== undefined) query.set(name, text);
  }
  for (const name of ["archived", "deleted"]) if (call.has(name)) query.set(name, "true");
  return query.size === 0 ? "" : `?${query}`;
}

export const linkShowCommand: Command = {
  name: "link show",
  about: "Shows one link with its numbers.",
  takes: "<link>",
  words: [1, 1],
  options: {
    domain: { value: "HOST", about: "The domain, when the link is named by its slug." },
    ...apiOptions,
  },
  run: (call) => askApi(call, (ask, workspace) => find(ask, workspace, call), facts),
};

/** By id, by `ext_…`, by a slug with --domain, or by the short URL itself. */
async function find(ask: Ask, workspace: () => Promise<string>, call: Call): Promise<Link> {
  const [named = ""] = call.words;
  const url = URL.parse(named);
  const slug = url ? decodeURIComponent(url.pathname.slice(1)) : named;
  const domain = url?.hostname ?? call.text("domain");
  const query = domain === undefined ? "" : `?${new URLSearchParams({ domain })}`;
  return ask<Link>("GET", `/links/${encodeURIComponent(slug)}${query}`, undefined, await workspace());
}

const facts = (link: Link): string =>
  columns(
    Object.entries(link)
      .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)] as const),
  ).join("\n");

function numberOf(call: Call, name: string): number | undefined {
  const text = call.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,12}$/.test(text)) throw new Misuse(`--${name} takes a whole number, not "${text}".`);
  return Number(text);
}
