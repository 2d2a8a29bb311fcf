import { networkInterfaces } from "node:os";
import { isAddress, isWithin, lastIpv4, type Network, parseNetwork, sixToFour } from "../ip.ts";

const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text)!);

/**
 * The special-purpose registries of IANA (RFC 6890 and its updates), with what clouds and old practice add. Blocks
 * that are reachable in part (AS112, AMT, ORCHID) are refused whole: nobody serves people from them.
 */
const SPECIAL: readonly Network[] = networks(
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carriers' NAT; a cloud's metadata at 100.100.100.200
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // a cloud's inner services, on an address that looks public
  "169.254.0.0/16", // link-local, the metadata of most clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.31.196.0/24", // AS112
  "192.52.193.0/24", // AMT
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112
  "198.18.0.0/15", // benchmarking
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
  "2001::/23", // protocol assignments: Teredo, benchmarking, ORCHID …
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: an IPv4 address within
  "2620:4f:8000::/48", // AS112
  "3fff::/20", // documentation
);

/**
 * All that is given out of IPv6. Outside lie loopback, mapped and compatible IPv4, NAT64, link-local, site-local,
 * unique local, multicast, segment routing, and whatever comes.
 */
const GIVEN_OUT = networks("2000::/3");

/** True for an address on the public internet, as far as its number tells. */
export const isPublic = (address: string): boolean =>
  isAddress(address) &&
  !isWithin(address, SPECIAL) &&
  (!address.includes(":") || isWithin(address, GIVEN_OUT));

/** The unspecified address, loopback, and 0.0.0.0/8, which no gateway hands on. */
const NOWHERE = networks("::/104");
const IPV4_AT_THE_END = networks("::/96", "64:ff9b::/96", "64:ff9b:1::/48");
const SIX_TO_FOUR = networks("2002::/16");

/** The IPv4 address to which a gateway hands on what is sent to this IPv6 one; null for none. */
export function ipv4Within(address: string): string | null {
  if (isWithin(address, NOWHERE)) return null;
  if (isWithin(address, IPV4_AT_THE_END)) return lastIpv4(address);
  return isWithin(address, SIX_TO_FOUR) ? sixToFour(address) : null;
}

/** The addresses of this machine, public ones too: what listens there may trust its neighbours. */
export const ownAddresses = (interfaces: Interfaces = networkInterfaces()): readonly string[] =>
  Object.values(interfaces).flatMap((list) => list?.map(({ address }) => address.replace(/%.*$/, "")) ?? []);

type Interfaces = Readonly<Record<string, readonly { readonly address: string }[] | undefined>>;
