import { api, type Link, type LinkList } from "../api.ts";
import { element } from "../ui/element.ts";
import { problemOf } from "../ui/problem.ts";
import { counted } from "../ui/words.ts";
import { linkRow, type Row } from "./row.ts";

const PAGE_LINKS = 25;
const SEARCH_AFTER_MS = 250;
const FRESH_EVERY_MS = 5000;

export interface LinkListView {
  readonly section: HTMLElement;
  /** Asks the server again and keeps what is on screen in its place. */
  readonly refresh: () => void;
  readonly created: (link: Link) => void;
}

/** The links of the workspace, newest first, with search; the numbers keep themselves fresh. */
export function linkList(open: (link: Link) => void): LinkListView {
  const search = element("input", { type: "search", placeholder: "Search", "aria-label": "Search links" });
  const shown = element(
    "select",
    { "aria-label": "Which links" },
    element("option", { value: "active" }, "Active"),
    element("option", { value: "archived" }, "Archived"),
    element("option", { value: "trash" }, "Trash"),
  );
  const total = element("p", { class: "total", role: "status" });
  const items = element("ul", { class: "links" });
  const note = element("div", { class: "note" });
  const more = element("button", { type: "button", class: "more", hidden: true }, "Show more");
  const rows = new Map<string, Row>();
  let wanted = PAGE_LINKS;
  let asked = 0;

  const refresh = async (): Promise<void> => {
    const turn = ++asked;
    const list = shown.value as LinkList;
    try {
      const { links, total: all, complete } = await upTo(wanted, list, search.value.trim());
      // An answer that was overtaken by a later question is stale.
      if (turn === asked) put(links, all, complete, list);
    } catch (error) {
      if (turn === asked) note.replaceChildren(element("p", { class: "problem" }, problemOf(error)));
    }
  };

  const put = (links: readonly Link[], all: number, complete: boolean, list: LinkList): void => {
    const before = new Map(rows);
    rows.clear();
    for (const link of links) {
      const row = before.get(link.id) ?? linkRow(open, () => void refresh());
      row.update(link);
      rows.set(link.id, row);
    }
    const now = [...rows.values()].map((row) => row.item);
    // Rows that stay are not touched, so that focus and selection stay too.
    if (now.length !== items.children.length || now.some((item, i) => items.children[i] !== item))
      items.replaceChildren(...now);
    total.textContent = counted(all, "link");
    more.hidden = complete;
    note.replaceChildren(...(all === 0 ? [empty(list, search.value.trim())] : []));
  };

  const again = () => {
    wanted = PAGE_LINKS;
    void refresh();
  };
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(again, SEARCH_AFTER_MS);
  });
  shown.addEventListener("change", again);
  more.addEventListener("click", () => {
    wanted += PAGE_LINKS;
    void refresh();
  });

  const section = element(
    "section",
    { "aria-label": "Links" },
    element("div", { class: "tools" }, search, shown, total),
    items,
    note,
    more,
  );
  const keepFresh = window.setInterval(() => {
    if (!section.isConnected) return clearInterval(keepFresh);
    if (!document.hidden) void refresh();
  }, FRESH_EVERY_MS);
  void refresh();
  return {
    section,
    refresh: () => void refresh(),
    created() {
      search.value = "";
      shown.value = "active";
      again();
    },
  };
}

async function upTo(wanted: number, list: LinkList, search: string) {
  const links: Link[] = [];
  let cursor: string | null = null;
  let total = 0;
  do {
    const page = await api.links(list, search, Math.min(100, wanted - links.length), cursor);
    links.push(...page.links);
    total = page.total;
    cursor = page.nextCursor;
  } while (cursor !== null && links.length < wanted);
  return { links, total, complete: cursor === null };
}

function empty(list: LinkList, search: string): HTMLElement {
  if (search !== "")
    return element("p", {}, `No link has “${search}” in its slug, destination, title or tags.`);
  if (list === "archived")
    return element("p", {}, "Nothing is archived. Archived links still redirect, but leave this list.");
  if (list === "trash") return element("p", {}, "The trash is empty.");
  return element(
    "div",
    { class: "empty" },
    element("p", { class: "lead" }, "No links yet."),
    element("p", {}, "Paste a long address above. Every visit to the short one is counted here."),
  );
}
