import { isAddress, parseNetwork } from "./ip.ts";
import { parseMailbox } from "./mailbox.ts";
import { parseDuration, parseSize } from "./units.ts";

/** One setting. `parse` returns the value, or throws an Error whose message says what is expected. */
export interface Setting<T, Default extends string | null = string | null> {
  readonly type: string;
  /** As it would be written in the environment; null when unset is a state of its own. */
  readonly default: Default;
  readonly about: string;
  readonly secret?: true;
  parse(text: string): T;
}

export const expected = (what: string): never => {
  throw new Error(`expected ${what}`);
};

export const text = <Default extends string | null>(
  about: string,
  fallback: Default,
): Setting<string, Default> => ({
  type: "text",
  default: fallback,
  about,
  parse: (value) => value,
});
export const secret = (
  about: string,
  check: (value: string) => string = (value) => value,
): Setting<string, null> => ({
  type: "secret",
  default: null,
  about,
  secret: true,
  parse: check,
});
export const oneOf = <T extends string>(about: string, fallback: T, ...values: T[]): Setting<T, string> => ({
  type: values.join(" | "),
  default: fallback,
  about,
  parse: (value) => values.find((one) => one === value) ?? expected(`one of ${values.join(", ")}`),
});
export const flag = (about: string, fallback: boolean): Setting<boolean, string> => ({
  type: "true | false",
  default: String(fallback),
  about,
  parse: (value) => (value === "true" ? true : value === "false" ? false : expected("true or false")),
});
export const whole = (
  about: string,
  fallback: number,
  min: number,
  max: number,
): Setting<number, string> => ({
  type: `number ${min}–${max}`,
  default: String(fallback),
  about,
  parse: (value) =>
    /^\d{1,12}$/.test(value) && Number(value) >= min && Number(value) <= max
      ? Number(value)
      : expected(`a whole number from ${min} to ${max}`),
});
export const duration = (about: string, fallback: string): Setting<number, string> => ({
  type: "duration",
  default: fallback,
  about,
  parse: (value) => parseDuration(value) ?? expected("a duration such as 10ms, 30s, 5m, 24h or 30d"),
});
export const size = (about: string, fallback: string): Setting<number, string> => ({
  type: "size",
  default: fallback,
  about,
  parse: (value) => parseSize(value) ?? expected("a size such as 64kB, 200MB or 1GiB"),
});

export const mailbox = (about: string): Setting<string, null> => ({
  type: "address",
  default: null,
  about,
  parse: (value) =>
    parseMailbox(value) ? value : expected("an address such as ada@example.com or Ada <ada@example.com>"),
});

export function baseUrl(value: string): string {
  const url = URL.parse(value);
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== "/" ||
    url.search ||
    url.hash ||
    url.username
  )
    return expected("http(s)://host[:port] without a path");
  return url.origin;
}

export function smtpUrl(value: string): string {
  const url = URL.parse(value);
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    !url.hostname ||
    !/^\/?$/.test(url.pathname) ||
    url.search ||
    url.hash
  )
    return expected(
      "smtp://user:password@host:port or smtps://…, without a path; what is special in a password is percent-encoded",
    );
  return value;
}

export function networks(value: string): string[] {
  return list(value, parseNetwork, "networks such as 10.0.0.0/8");
}

export function list(value: string, read: (one: string) => object | null, what: string): string[] {
  const all = value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  for (const one of all) if (!read(one)) expected(`${what}; "${one}" is none`);
  return all;
}

/** As a resolver takes it: `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`. */
export function dnsServer(value: string): { value: string } | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const address = bracketed ?? plain ?? value;
  return isAddress(address) && Number(port ?? 53) >= 1 && Number(port ?? 53) <= 65_535 ? { value } : null;
}

export function listen(value: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  if (!match || Number(match[2]) > 65_535) return expected("address:port");
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port: Number(match[2]) };
}
