import { invalid } from "../../lib/errors.ts";

/**
 * Origins of pages, as they are stored: `https://shop.example.com`, or `https://*.example.com` for all names below.
 * @throws AppError VALIDATION_ERROR naming the entry
 */
export const originsOf = (texts: readonly string[]): string[] => [
  ...new Set(texts.map((text, i) => originText(`/origins/${i}`, text))),
];

function originText(path: string, text: string): string {
  const wild = text.includes("://*.");
  const url = URL.parse(wild ? text.replace("://*.", "://") : text);
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    !/[?#*@]/.test(wild ? text.replace("://*.", "://") : text);
  if (!plain || (wild && !url.hostname.includes(".")))
    throw invalid(path, "an origin is https://shop.example.com or https://*.example.com, without a path");
  return wild ? url.origin.replace("://", "://*.") : url.origin;
}

/** Whether the page that asks is one of these. Browsers say so in Origin, or for an image in Referer. */
export function originAllowed(headers: Headers, allowed: readonly string[]): boolean {
  const origin = headers.get("origin") ?? URL.parse(headers.get("referer") ?? "")?.origin;
  return origin !== undefined && isAllowed(origin, allowed);
}

export const isAllowed = (origin: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => one === origin || isBelow(origin, one));

function isBelow(origin: string, pattern: string): boolean {
  const [scheme, name] = pattern.split("://*.");
  return name !== undefined && origin.startsWith(`${scheme}://`) && origin.endsWith(`.${name}`);
}
