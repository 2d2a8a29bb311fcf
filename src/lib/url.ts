/** A destination as it is stored and sent: `href` is always ASCII. `host` as `hostOf` writes it, no port. */
export interface Destination {
  readonly href: string;
  readonly host: string;
}

/** The path of a request's URL, which the server has put into its one form already. */
export function pathOf(url: string): string {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  let to = from;
  while (to < url.length && url[to] !== "?" && url[to] !== "#") to++;
  return url.slice(from, to);
}

/** Longest destination, as typed and as it goes out. */
export const urlLengthMax = 8192;

/**
 * What a person typed as a destination, taken apart as browsers do it. Only `http://` and `https://`, written
 * out, in visible characters: spellings that only some parsers read as a URL are refused, not repaired.
 * User names in URLs are refused because they dress one host up as another (`https://bank.example@evil.test`).
 */
export function parseDestination(typed: string): Destination | { problem: string } {
  const text = typed.trim();
  if (text.length > urlLengthMax) return { problem: `is longer than ${urlLengthMax} characters` };
  if (CONTROL.test(text) || !text.isWellFormed()) return { problem: "holds a control character" };
  if (!/^https?:\/\/[^/\\]/i.test(text)) return { problem: "must begin with https:// or http://" };
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return { problem: "is not a URL" };
  if (url.username !== "" || url.password !== "") return { problem: "must not hold a user name or password" };
  const host = withoutDot(url.hostname);
  if (host === "") return { problem: "has no host" };
  if (url.href.length > urlLengthMax)
    return { problem: `is longer than ${urlLengthMax} characters when encoded` };
  return { href: url.href, host };
}

/**
 * A host name as it is stored and compared: lower case, punycode, no port, no trailing dot. Null for anything
 * else, IP addresses and `localhost` included; with `loopback`, the names of this machine are taken too.
 */
export function hostOf(text: string, options: { loopback?: boolean } = {}): string | null {
  const host = normalHost(text);
  if (host === null) return null;
  if (isLoopbackHost(host)) return options.loopback ? host : null;
  return isAddressHost(host) || host.length > 253 || !host.split(".").every(isLabel) ? null : host;
}

/** True when two host names, each with or without a port, are the same host. */
export function sameHost(one: string, other: string): boolean {
  const host = normalHost(withoutPort(one));
  return host !== null && host === normalHost(withoutPort(other));
}

/** Where a whole URL leads: its host as domains are stored, and the port, the scheme's own included. */
export function originOf(href: string): { host: string; port: string } {
  const { hostname, port, protocol } = new URL(href);
  return { host: withoutDot(hostname), port: port || (protocol === "https:" ? "443" : "80") };
}

/** `localhost`, names below it, 127.0.0.0/8 and `[::1]`, as `hostOf` writes them. */
export const isLoopbackHost = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/** How a browser on this machine reaches a listener: one on all addresses answers on localhost too. */
export const reachable = (listening: string): string =>
  listening.replace(/^(https?:\/\/)(0\.0\.0\.0|\[::\])(?=[:/]|$)/, "$1localhost");

/** A host without its port: `[::1]:80` is `[::1]`. */
export const withoutPort = (host: string): string => host.replace(/:\d*$/, "");

function normalHost(text: string): string | null {
  // What would end the host in a URL, or be decoded once more inside it.
  if (text === "" || text.length > 1024 || /[\s/\\?#@%]/.test(text) || CONTROL.test(text)) return null;
  if (text.startsWith("[") ? !text.endsWith("]") : text.includes(":")) return null;
  const host = withoutDot(URL.parse(`http://${text}/`)?.hostname ?? "");
  return host === "" ? null : host;
}

const isLabel = (label: string): boolean => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);
const isAddressHost = (host: string): boolean => host.startsWith("[") || /^[\d.]+$/.test(host);
const withoutDot = (host: string): string => (host.endsWith(".") ? host.slice(0, -1) : host);

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f-\x9f]/;
