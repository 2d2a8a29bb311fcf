/** Where a visitor came from. Both empty when unknown. */
export interface Referrer {
  /** Lower case, without `www.` and port. */
  readonly host: string;
  /** Up to the query, which may hold anything. */
  readonly url: string;
}

const unknown: Referrer = { host: "", url: "" };

/** Reads a Referer header. An app's `android-app://name/` is a host too. */
export function readReferrer(header: string): Referrer {
  if (header === "") return unknown;
  const url = URL.parse(header);
  if (url === null || url.hostname === "") return unknown;
  const host = url.hostname.replace(/^www\./, "").toLowerCase();
  return { host, url: `${url.protocol}//${url.host}${url.pathname}` };
}
