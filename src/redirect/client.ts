import { clientAddress, isWithin, type Network, unmapped } from "../lib/ip.ts";
import { parseIpv4 } from "../lib/ipv4.ts";

/** What the redirect asks of the server it runs in. */
export interface Peers {
  requestIP(request: Request): { readonly address: string } | null;
}

/** Who really asks; as `clientAddress`, but cheap for the shapes nearly every request has. */
export type ClientReader = (request: Request, peers: Peers) => string;

/**
 * Reads client addresses behind these proxies. Without any, X-Forwarded-For is not even looked at.
 *
 * @param listensOn the server's own address. Behind a loopback address every peer is this machine, so nobody is
 *   asked who it is: the asking costs as much as reading all headers.
 */
export function clientReader(trusted: readonly Network[], listensOn = "0.0.0.0"): ClientReader {
  const here = /^127(\.\d+){3}$|^::1$/.test(listensOn) ? listensOn : null;
  const peerOf = (request: Request, peers: Peers): string =>
    here ?? unmapped(peers.requestIP(request)?.address ?? "");
  if (trusted.length === 0) return peerOf;
  const trustedPeers = new Map<string, boolean>();
  const ranges = trusted.map(rangeOf).filter((range) => range !== null);

  const isTrusted = (peer: string): boolean => {
    let known = trustedPeers.get(peer);
    if (known === undefined) {
      if (trustedPeers.size >= PEERS_REMEMBERED) trustedPeers.clear();
      known = isWithin(peer, trusted);
      trustedPeers.set(peer, known);
    }
    return known;
  };

  return (request, peers) => {
    const peer = peerOf(request, peers);
    if (!isTrusted(peer)) return peer;
    const forwarded = request.headers.get("x-forwarded-for");
    if (forwarded === null) return peer;
    // The right-most hop, when it is a plain address and no proxy of ours. All else takes the long way.
    const comma = forwarded.lastIndexOf(",");
    const hop = comma < 0 ? forwarded : forwarded.slice(comma + 1).trim();
    const ipv4 = forwarded.length > 2048 ? -1 : parseIpv4(hop);
    if (ipv4 >= 0 && !isInside(ipv4, ranges)) return hop;
    return clientAddress(peer, forwarded, trusted);
  };
}

function isInside(ipv4: number, ranges: readonly Range[]): boolean {
  for (const [first, last] of ranges) if (ipv4 >= first && ipv4 <= last) return true;
  return false;
}

type Range = readonly [first: number, last: number];

function rangeOf([address, bits]: Network): Range | null {
  if (address.kind() !== "ipv4") return null;
  const size = 2 ** (32 - bits);
  const first = Math.floor(parseIpv4(address.toString()) / size) * size;
  return [first, first + size - 1];
}

const PEERS_REMEMBERED = 1000;
