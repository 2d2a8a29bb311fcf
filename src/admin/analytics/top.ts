import type { Group } from "../api.ts";
import { drawn, element } from "../ui/element.ts";
import { count } from "../ui/words.ts";

/** The largest groups by human clicks, each with a bar against the largest. */
export function topList(title: string, groups: readonly Group[], unknown: string): HTMLElement {
  const human = groups.filter(({ clicks }) => clicks > 0);
  const most = Math.max(1, ...human.map(({ clicks }) => clicks));
  return element(
    "section",
    { class: "top-list" },
    element("h4", {}, title),
    human.length === 0
      ? element("p", { class: "hint" }, "Nothing yet")
      : element(
          "ol",
          {},
          ...human.map(({ value, clicks }) =>
            element(
              "li",
              {},
              element("span", { class: "name" }, value === "" ? unknown : value),
              element("span", { class: "value" }, count(clicks)),
              bar(clicks / most),
            ),
          ),
        ),
  );
}

/** Drawn as SVG: the page's policy lets no element carry a style of its own. */
const bar = (share: number): SVGElement =>
  drawn(
    "svg",
    { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { width: Math.max(1, share * 100), height: 4, rx: 1 }),
  );
