import type { Bucket } from "../api.ts";
import { drawn, element } from "../ui/element.ts";
import { count, counted, day } from "../ui/words.ts";

const HEIGHT = 120;
const STEP = 20;
const BAR = 14;

/** Clicks a day: people's below, bots' on top of them. The figures stand beside it as a table, for those who read. */
export function chart(buckets: readonly Bucket[]): HTMLElement {
  const most = Math.max(1, mostOf(buckets));
  const caption = element("p", { class: "hint", "aria-hidden": "true" }, resting(buckets));
  const drawing = drawn(
    "svg",
    {
      class: "chart",
      viewBox: `0 0 ${buckets.length * STEP} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": "Clicks a day; the table below holds the figures",
    },
    ...buckets.map((bucket, i) => column(bucket, i, most)),
  );
  const point = (event: Event) => {
    const at = (event.target as Element).closest("[data-at]")?.getAttribute("data-at");
    const bucket = at == null ? undefined : buckets[Number(at)];
    caption.textContent = bucket ? told(bucket) : resting(buckets);
  };
  drawing.addEventListener("pointerover", point);
  drawing.addEventListener("pointerleave", () => {
    caption.textContent = resting(buckets);
  });
  return element("figure", {}, drawing, caption, legend(), table(buckets));
}

function column({ clicks, botClicks }: Bucket, i: number, most: number): SVGElement {
  const scale = (HEIGHT - 4) / most;
  const x = i * STEP + (STEP - BAR) / 2;
  const people = clicks * scale;
  const bots = botClicks * scale;
  return drawn(
    "g",
    { "data-at": i },
    // The whole height can be pointed at, not the bar alone.
    drawn("rect", { class: "ground", x: i * STEP, y: 0, width: STEP, height: HEIGHT }),
    drawn("rect", { class: "people", x, y: HEIGHT - people, width: BAR, height: people }),
    drawn("rect", { class: "bots", x, y: HEIGHT - people - bots, width: BAR, height: bots }),
    drawn("rect", { class: "floor", x, y: HEIGHT - 1, width: BAR, height: 1 }),
  );
}

const told = ({ start, clicks, uniqueClicks, botClicks }: Bucket): string =>
  `${day(start)}: ${counted(clicks, "click")}, ${count(uniqueClicks)} unique, ${counted(botClicks, "bot")}`;

const resting = (buckets: readonly Bucket[]): string =>
  buckets.length === 0
    ? ""
    : `${day(buckets[0]!.start)} to ${day(buckets.at(-1)!.start)}, at most ${count(mostOf(buckets))} a day`;

const mostOf = (buckets: readonly Bucket[]): number =>
  Math.max(0, ...buckets.map(({ clicks, botClicks }) => clicks + botClicks));

const legend = (): HTMLElement =>
  element(
    "p",
    { class: "legend", "aria-hidden": "true" },
    element("span", { class: "people" }, "People"),
    element("span", { class: "bots" }, "Bots"),
  );

function table(buckets: readonly Bucket[]): HTMLElement {
  const seen = buckets.filter(({ clicks, botClicks }) => clicks + botClicks > 0);
  const head = ["Day", "Clicks", "Unique", "Bots"].map((text) => element("th", { scope: "col" }, text));
  const rows = seen.map(({ start, clicks, uniqueClicks, botClicks }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, day(start)),
      ...[clicks, uniqueClicks, botClicks].map((value) => element("td", {}, count(value))),
    ),
  );
  return element(
    "details",
    {},
    element("summary", {}, "As a table"),
    seen.length === 0
      ? element("p", { class: "hint" }, "No clicks in these days.")
      : element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
  );
}
