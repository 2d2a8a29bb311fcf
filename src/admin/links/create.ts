import { api, type Link, type NewLink } from "../api.ts";
import { copyButton } from "../ui/copy.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";
import { say } from "../ui/say.ts";

/** Makes a link: a destination is enough, everything else is folded away. */
export function createForm(made: (link: Link) => void): HTMLElement {
  const result = element("div", { class: "made", hidden: true });
  const form = element(
    "form",
    { class: "create", "aria-label": "Make a link" },
    element(
      "div",
      { class: "row" },
      field({
        name: "destinationUrl",
        label: "Destination",
        control: element("input", {
          type: "url",
          required: true,
          inputmode: "url",
          placeholder: "https://example.com/a/long/address",
          autocomplete: "off",
          "data-first": true,
        }),
      }),
      field({
        name: "slug",
        label: "Slug",
        control: element("input", {
          placeholder: "random",
          autocomplete: "off",
          autocapitalize: "off",
          spellcheck: "false",
        }),
      }),
      element("button", { type: "submit", class: "primary make" }, "Shorten"),
    ),
    options(),
  );
  submits(form, async () => {
    const link = await api.createLink(inputOf(form));
    form.reset();
    result.replaceChildren(
      element("a", { href: link.shortUrl, target: "_blank", rel: "noreferrer" }, plain(link.shortUrl)),
      copyButton(link.shortUrl, "short link"),
    );
    result.hidden = false;
    say(`${plain(link.shortUrl)} is ready`);
    made(link);
  });
  return element("section", { class: "card" }, form, result);
}

function options(): HTMLElement {
  const domain = element("select", {}, element("option", { value: "" }, "Default"));
  // Asked for only when somebody looks: most links take the default.
  const offer = async () => {
    const domains = await api.domains();
    domain.append(...domains.map(({ host }) => element("option", { value: host }, host)));
  };
  const status = element(
    "select",
    {},
    ...statuses.map(([value, text]) => element("option", { value }, text)),
  );
  return element(
    "details",
    { on: { toggle: () => void (domain.length === 1 && offer().catch(() => {})) } },
    element("summary", {}, "More options"),
    element(
      "div",
      { class: "grid" },
      field({ name: "domain", label: "Domain", control: domain }),
      field({ name: "title", label: "Title", control: element("input", { autocomplete: "off" }) }),
      field({
        name: "tags",
        label: "Tags",
        hint: "Separated by commas.",
        control: element("input", { autocomplete: "off" }),
      }),
      field({ name: "expiresAt", label: "Expires", control: element("input", { type: "datetime-local" }) }),
      field({
        name: "expiredUrl",
        label: "Then leads to",
        control: element("input", { type: "url", autocomplete: "off" }),
      }),
      field({
        name: "clicksLimit",
        label: "Most clicks",
        control: element("input", { type: "number", min: 1 }),
      }),
      field({ name: "redirectStatus", label: "Redirect", control: status }),
      field({ name: "externalId", label: "Your own id", control: element("input", { autocomplete: "off" }) }),
    ),
  );
}

const statuses = [
  ["", "302, can be changed (default)"],
  ["301", "301, permanent"],
  ["307", "307, keeps the method"],
  ["308", "308, permanent, keeps the method"],
] as const;

/** What was filled in, and nothing else: the server knows the defaults. */
function inputOf(form: HTMLFormElement): NewLink {
  const texts = ["slug", "domain", "title", "expiredUrl", "externalId"] as const;
  const input: NewLink = { destinationUrl: withScheme(textOf(form, "destinationUrl") ?? "") };
  for (const name of texts) {
    const text = textOf(form, name);
    if (text !== undefined) input[name] = text;
  }
  const tags = textOf(form, "tags");
  const expiresAt = textOf(form, "expiresAt");
  const clicksLimit = textOf(form, "clicksLimit");
  const redirectStatus = textOf(form, "redirectStatus");
  if (tags !== undefined)
    input.tags = [...new Set(tags.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
  // The field holds the reader's wall clock; the API takes a moment.
  if (expiresAt !== undefined) input.expiresAt = new Date(expiresAt).toISOString();
  if (clicksLimit !== undefined) input.clicksLimit = Number(clicksLimit);
  if (redirectStatus !== undefined)
    input.redirectStatus = Number(redirectStatus) as NonNullable<NewLink["redirectStatus"]>;
  return input;
}

/** People paste "example.com/page". */
const withScheme = (text: string): string =>
  /^[\w-]+(\.[\w-]+)+([:/?#]|$)/.test(text) && !/^[a-z]+:[^\d]/i.test(text) ? `https://${text}` : text;

/** A short URL as it is told to people. */
export const plain = (url: string): string => url.replace(/^https?:\/\//, "");
