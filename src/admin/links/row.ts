import { api, type Link } from "../api.ts";
import { copyButton } from "../ui/copy.ts";
import { element } from "../ui/element.ts";
import { problemOf } from "../ui/problem.ts";
import { say } from "../ui/say.ts";
import { ago, count, moment } from "../ui/words.ts";
import { plain } from "./create.ts";

export interface Row {
  readonly item: HTMLLIElement;
  update(link: Link): void;
}

/** One link of the list. */
export function linkRow(open: (link: Link) => void, changed: () => void): Row {
  const item = element("li", {});
  let before = "";
  return {
    item,
    update(link) {
      const state = JSON.stringify(link);
      // "3 minutes ago" grows older by itself; the rest is drawn again only when it differs.
      if (state === before) {
        const last = item.querySelector(".last");
        if (last) last.textContent = lastClick(link);
        return;
      }
      before = state;
      const at = [...item.querySelectorAll("button, a")].indexOf(document.activeElement as HTMLElement);
      item.replaceChildren(...content(link, open, changed));
      if (at >= 0) item.querySelectorAll<HTMLElement>("button, a")[at]?.focus();
    },
  };
}

const content = (link: Link, open: (link: Link) => void, changed: () => void): HTMLElement[] => [
  element(
    "div",
    { class: "what" },
    element(
      "p",
      { class: "short" },
      element("a", { href: link.shortUrl, target: "_blank", rel: "noreferrer" }, plain(link.shortUrl)),
      copyButton(link.shortUrl, `${plain(link.shortUrl)}`),
      ...states(link).map((state) => element("span", { class: "state" }, state)),
    ),
    element(
      "p",
      { class: "destination", title: link.destinationUrl ?? "" },
      [link.title, plain(link.destinationUrl ?? "nowhere by itself")].filter((text) => text).join(" · "),
    ),
  ),
  element(
    "dl",
    { class: "numbers" },
    number("clicks", "Clicks", link.clicks),
    number("unique", "Unique", link.uniqueClicks),
    number("bots", "Bots", link.botClicks),
    element(
      "div",
      { class: "lasting" },
      element("dt", {}, "Last click"),
      element(
        "dd",
        { class: "last", title: link.lastClickedAt ? moment(link.lastClickedAt) : undefined },
        lastClick(link),
      ),
    ),
  ),
  element(
    "div",
    { class: "acts" },
    element(
      "button",
      { type: "button", "aria-label": `Details of ${plain(link.shortUrl)}`, on: { click: () => open(link) } },
      "Details",
    ),
    ...actions(link, changed),
  ),
];

const number = (name: string, label: string, value: number): HTMLElement =>
  element("div", { class: name }, element("dt", {}, label), element("dd", {}, count(value)));

const lastClick = ({ lastClickedAt }: Link): string =>
  lastClickedAt === null ? "never" : ago(lastClickedAt);

function states({ enabled, startsAt, expiresAt, clicksLimit, clicks, archivedAt }: Link): string[] {
  const states = [];
  if (!enabled) states.push("switched off");
  if (startsAt !== null && new Date(startsAt) > new Date()) states.push(`starts ${ago(startsAt)}`);
  if (expiresAt !== null)
    states.push(`${new Date(expiresAt) < new Date() ? "expired" : "expires"} ${ago(expiresAt)}`);
  if (clicksLimit !== null)
    states.push(clicks >= clicksLimit ? "used up" : `${count(clicksLimit - clicks)} clicks left`);
  if (archivedAt !== null) states.push("archived");
  return states;
}

/** What can be done to a link where it is. */
export function actions(link: Link, changed: () => void): HTMLElement[] {
  const act = (label: string, done: string, run: (id: string) => Promise<Link>) =>
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `${label}: ${plain(link.shortUrl)}`,
        on: {
          click: () => {
            run(link.id).then(
              () => {
                say(`${plain(link.shortUrl)} ${done}`);
                changed();
              },
              (error: unknown) => say(problemOf(error)),
            );
          },
        },
      },
      label,
    );
  if (link.deletedAt !== null) return [act("Restore", "is back", api.restore)];
  return [
    link.archivedAt === null
      ? act("Archive", "is archived; it still redirects", api.archive)
      : act("Unarchive", "is back in the list", api.unarchive),
    act("Trash", "is in the trash; it redirects no more", api.trash),
  ];
}
