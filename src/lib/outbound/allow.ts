import { isWithin, type Network, parseNetwork } from "../ip.ts";
import { hostOf } from "../url.ts";
import { ipv4Within, isPublic } from "./addresses.ts";

/** What the operator opens inside: a network, or a host as `hostOf` writes it; at one port, or at any usual one. */
export interface Allowance {
  readonly network: Network | null;
  readonly host: string | null;
  readonly port: number | null;
}

/** `10.1.0.0/16`, `10.1.2.3`, `10.1.2.3:9000`, `[fd00::1]:9000`, `hooks.internal`, `hooks.internal:9000`; else null. */
export function parseAllowance(text: string): Allowance | null {
  const network = parseNetwork(text);
  if (network) return { network, host: null, port: null };
  const [, name = "", digits] = /^(\[[^\]]*\]|[^:/\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  if (name === "" || port === 0 || (port ?? 1) > 65_535) return null;
  const address = parseNetwork(name.replace(/^\[(.*)\]$/, "$1"));
  if (address) return { network: address, host: null, port };
  // Spellings that only some read as an address (127.1, 0x7f.1) are no names either.
  const host = hostOf(name, { loopback: true });
  return host === null || /(^|\.)(\d+|0x[\da-f]*)$/i.test(name) ? null : { network: null, host, port };
}

/**
 * The allowances that hold for this port: those that name it, and those for any usual one. Ports below 1024 belong
 * to other protocols, 80 and 443 apart; of those above, some answer a request with harm, and browsers refuse them.
 */
export const openAt = (port: number, allowances: readonly Allowance[]): readonly Allowance[] =>
  allowances.filter((one) => one.port === port || (one.port === null && isUsualPort(port)));

export const isUsualPort = (port: number): boolean =>
  port === 80 || port === 443 || (port >= 1024 && !REFUSED_PORTS.has(port));

/** The "bad ports" of the Fetch standard from 1024 on. */
const REFUSED_PORTS = new Set([
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669],
  ...[6679, 6697, 10080],
]);

/** True when the operator opened this host: where its name leads is then the operator's affair. */
export const opensHost = (open: readonly Allowance[], host: string): boolean =>
  open.some((one) => one.host === host);

/** True when the operator opened this address. A gateway that is open does not open what lies behind it. */
export function opensAddress(open: readonly Allowance[], address: string): boolean {
  const networks = open.flatMap(({ network }) => (network === null ? [] : [network]));
  if (!isWithin(address, networks)) return false;
  const behind = ipv4Within(address);
  return behind === null || isPublic(behind) || isWithin(behind, networks);
}
