import ipaddr from "ipaddr.js";
import { parseIpv4 } from "./ipv4.ts";

export type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** `10.0.0.0/8`, `::1` … as a network; null when it is none. A single address is a network of itself. */
export function parseNetwork(text: string): Network | null {
  const [address = "", bits, more] = text.trim().split("/");
  if (more !== undefined || !isAddress(address)) return null;
  const parsed = ipaddr.process(address);
  const bitsMax = parsed.kind() === "ipv4" ? 32 : 128;
  if (bits === undefined) return [parsed, bitsMax];
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return null;
  return [parsed, Number(bits)];
}

/** True for a written IPv4 or IPv6 address in its ordinary form (no octal, hex or short forms, no zone). */
export const isAddress = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) ||
  (text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text));

/** The peer address as Bun gives it, with IPv4-mapped IPv6 (`::ffff:1.2.3.4`) taken back to IPv4. */
export const unmapped = (address: string): string =>
  address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;

export function isWithin(address: string, networks: readonly Network[]): boolean {
  if (networks.length === 0 || !isAddress(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some(([net, bits]) => {
    if (net.kind() !== parsed.kind()) return false;
    return parsed.kind() === "ipv4"
      ? (parsed as ipaddr.IPv4).match(net as ipaddr.IPv4, bits)
      : (parsed as ipaddr.IPv6).match(net as ipaddr.IPv6, bits);
  });
}

/** True when every address of `inner` is one of `outer`. */
export function covers([outer, outerBits]: Network, [inner, innerBits]: Network): boolean {
  if (outer.kind() !== inner.kind() || innerBits < outerBits) return false;
  return outer.kind() === "ipv4"
    ? (inner as ipaddr.IPv4).match(outer as ipaddr.IPv4, outerBits)
    : (inner as ipaddr.IPv6).match(outer as ipaddr.IPv6, outerBits);
}

/** True when two written addresses are one, however each is written. A mapped one is the IPv4 address it is. */
export function sameAddress(one: string, other: string): boolean {
  if (!isAddress(one) || !isAddress(other)) return false;
  const [a, b] = [ipaddr.process(one), ipaddr.process(other)];
  return a.kind() === b.kind() && a.toNormalizedString() === b.toNormalizedString();
}

/** The IPv4 address in the last four bytes of an IPv6 one (NAT64, compatible addresses). */
export const lastIpv4 = (address: string): string =>
  ipaddr.IPv6.parse(address).toByteArray().slice(12).join(".");

/** The IPv4 address behind the prefix of a 6to4 one: `2002:7f00:1::` holds 127.0.0.1. */
export const sixToFour = (address: string): string =>
  ipaddr.IPv6.parse(address).toByteArray().slice(2, 6).join(".");

/**
 * Who really asks. The peer, unless the peer is a proxy the operator trusts: then the right-most hop of
 * X-Forwarded-For that no trusted proxy vouches for. What a stranger writes into the header changes nothing.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | null,
  trusted: readonly Network[],
): string {
  const direct = unmapped(peer);
  if (forwardedFor === null || forwardedFor.length > 2048 || !isWithin(direct, trusted)) return direct;
  let client = direct;
  for (const hop of forwardedFor.split(",").reverse()) {
    const address = hopAddress(hop.trim());
    if (address === null) break;
    client = address;
    if (!isWithin(address, trusted)) break;
  }
  return client;
}

/** A hop may carry a port (`1.2.3.4:80`, `[::1]:80`) and quotes. Null when it holds no address. */
function hopAddress(hop: string): string | null {
  const bare = hop.replace(/^"|"$/g, "");
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(bare)?.[1];
  const address = unmapped(
    bracketed ?? (/^[\d.]+:\d{1,5}$/.test(bare) ? bare.slice(0, bare.indexOf(":")) : bare),
  );
  return isAddress(address) ? address : null;
}

/**
 * The only form of an address that is ever written down: the first 24 bits of IPv4 (3 bytes) or the
 * first 48 of IPv6 (6 bytes). Empty when the text is no address.
 */
export function cutAddress(address: string): Uint8Array {
  if (!isAddress(address)) return new Uint8Array(0);
  const parsed = ipaddr.process(address);
  return Uint8Array.from(parsed.toByteArray().slice(0, parsed.kind() === "ipv4" ? 3 : 6));
}

/** The cut address in words: `192.0.2.0/24`, `2001:db8:1::/48`. Empty when the text is no address. */
export function networkOf(address: string): string {
  if (parseIpv4(address) >= 0) return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
  const bytes = cutAddress(address);
  if (bytes.length === 0) return "";
  if (bytes.length === 3) return `${bytes.join(".")}.0/24`;
  return `${ipaddr.fromByteArray([...bytes, ...new Array<number>(10).fill(0)]).toString()}/48`;
}

/** What one customer of a provider has: an IPv4 address, or the /64 of an IPv6 one. For counting strangers. */
export function neighbourhoodOf(address: string): string {
  if (!address.includes(":") || !isAddress(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4"
    ? parsed.toString()
    : Buffer.from(parsed.toByteArray().slice(0, 8)).toString("hex");
}
