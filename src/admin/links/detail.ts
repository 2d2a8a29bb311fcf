import { chart } from "../analytics/chart.ts";
import { topList } from "../analytics/top.ts";
import { api, type Group, type Link, type Question } from "../api.ts";
import { copyButton } from "../ui/copy.ts";
import { element } from "../ui/element.ts";
import { problemOf } from "../ui/problem.ts";
import { count, counted, daysAgo, moment, timezone } from "../ui/words.ts";
import { plain } from "./create.ts";
import { actions } from "./row.ts";

const DAYS = 30;
const capital = (group: Group): Group => ({
  ...group,
  value: group.value.replace(/^./, (first) => first.toUpperCase()),
});

/** What is known of a link and of its last thirty days, in a sheet over the list. */
export function openDetail(link: Link, changed: () => void): void {
  const close = () => sheet.close();
  const days = element("div", { class: "days", "aria-busy": "true" });
  const sheet = element(
    "dialog",
    { class: "sheet", "aria-labelledby": "sheet-title" },
    element(
      "header",
      {},
      element("h2", { id: "sheet-title" }, plain(link.shortUrl)),
      copyButton(link.shortUrl, plain(link.shortUrl)),
      element("button", { type: "button", class: "quiet", "aria-label": "Close", on: { click: close } }, "✕"),
    ),
    element(
      "p",
      { class: "destination" },
      "leads to ",
      link.destinationUrl === null
        ? "nowhere by itself"
        : element(
            "a",
            { href: link.destinationUrl, target: "_blank", rel: "noreferrer" },
            link.destinationUrl,
          ),
    ),
    facts(link),
    days,
    element(
      "footer",
      {},
      ...actions(link, () => {
        close();
        changed();
      }),
    ),
  );
  sheet.addEventListener("close", () => sheet.remove());
  // A click beside the sheet lands on the dialog itself.
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) close();
  });
  document.body.append(sheet);
  sheet.showModal();
  void fill(days, link);
}

function facts(link: Link): HTMLElement {
  const fact = (name: string, value: string | null) =>
    value === null || value === "" ? [] : [element("dt", {}, name), element("dd", {}, value)];
  return element(
    "dl",
    { class: "facts" },
    ...fact("Title", link.title),
    ...fact("Tags", link.tags.join(", ")),
    ...fact("Made", moment(link.createdAt)),
    ...fact("Expires", link.expiresAt && moment(link.expiresAt)),
    ...fact("Then leads to", link.expiredUrl),
    ...fact("Click limit", link.clicksLimit === null ? null : counted(link.clicksLimit, "click")),
    ...fact("Your own id", link.externalId),
    ...fact("Redirect", String(link.redirectStatus)),
    ...fact("Id", link.id),
  );
}

async function fill(days: HTMLElement, link: Link): Promise<void> {
  const question: Question = { link: link.id, from: daysAgo(DAYS - 1), timezone: timezone() };
  try {
    const [overview, buckets, referrers, browsers, devices] = await Promise.all([
      api.overview(question),
      api.timeseries(question),
      api.top(question, "referrer"),
      api.top(question, "browser"),
      api.top(question, "device"),
    ]);
    days.replaceChildren(
      element("h3", {}, `Last ${DAYS} days`),
      element(
        "p",
        { class: "sums" },
        element("strong", {}, counted(overview.clicks, "click")),
        ` by people, ${count(overview.uniqueClicks)} unique, and ${count(overview.botClicks)} by bots`,
      ),
      chart(buckets),
      element(
        "div",
        { class: "tops" },
        topList("Referrers", referrers, "Direct or unknown"),
        topList("Browsers", browsers, "Unknown"),
        topList("Devices", devices.map(capital), "Unknown"),
      ),
    );
  } catch (error) {
    days.replaceChildren(element("p", { class: "problem" }, problemOf(error)));
  } finally {
    days.removeAttribute("aria-busy");
  }
}
