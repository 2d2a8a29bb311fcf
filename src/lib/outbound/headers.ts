import { OutboundError } from "./errors.ts";

export const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

type Fields = Readonly<Record<string, string>>;

/** All header fields of a request together, names and values. */
const HEADERS_LENGTH_MAX = 32 * 1024;
const HEADERS_MAX = 100;

/** They say where a message goes and where it ends: whoever sets them makes two messages of one. */
const OURS =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|proxy-.*)$/;

/**
 * Header fields of a caller, names in lower case.
 * @throws OutboundError `invalid`, naming the field
 */
export function checkHeaders(given: Fields): Fields {
  const entries = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of entries) {
    if (!/^[!#$%&'*+.^_`|~\da-z-]{1,100}$/.test(name))
      throw new OutboundError("invalid", "The name of a header is not valid.");
    if (OURS.test(name)) throw new OutboundError("invalid", `The header ${name} cannot be set.`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new OutboundError("invalid", `The value of the header ${name} is not valid.`);
  }
  const length = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length > HEADERS_LENGTH_MAX || entries.length > HEADERS_MAX)
    throw new OutboundError("invalid", "The headers are too long.");
  return Object.fromEntries(entries);
}

/** What another origin may see. A list of what it may not would forget the next `X-Api-Key`. */
const FOR_ANYBODY: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "user-agent",
]);

/** The header fields for another origin: what was meant for one stays there. */
export const headersForAnybody = (headers: Fields): Fields =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => FOR_ANYBODY.has(name)));
