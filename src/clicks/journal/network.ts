import { cutAddress } from "../../lib/ip.ts";
import { parseIpv4 } from "../../lib/ipv4.ts";

/**
 * Writes the only form of an address that is ever kept, its first 24 bits (IPv4) or 48 (IPv6), and returns how
 * many bytes that is: 3, 6, or 0 when the text is no address. Always leaves six bytes written.
 */
export function cutInto(bytes: Uint8Array, at: number, address: string): number {
  const length = cutFourParts(bytes, at, address) || cutOther(bytes, at, address);
  for (let i = length; i < 6; i++) bytes[at + i] = 0;
  return length;
}

/** Most visitors come as `192.0.2.1`. */
function cutFourParts(bytes: Uint8Array, at: number, address: string): number {
  const ipv4 = parseIpv4(address);
  if (ipv4 < 0) return 0;
  bytes[at] = ipv4 >>> 24;
  bytes[at + 1] = ipv4 >>> 16;
  bytes[at + 2] = ipv4 >>> 8;
  return 3;
}

function cutOther(bytes: Uint8Array, at: number, address: string): number {
  const cut = cutAddress(address);
  bytes.set(cut, at);
  return cut.length;
}

/** The cut bytes as people write them: `192.0.2.0/24`, `2001:db8:1::/48`; empty for no bytes. */
export function networkText(bytes: Uint8Array, at: number, length: number): string {
  if (length === 3) return ipv4Text((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);
  if (length !== 6) return "";
  const groups = [0, 2, 4].map((i) => bytes[at + i]! * 256 + bytes[at + i + 1]!);
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(":")}::/48`;
}

const KNOWN_MAX = 65_536;
const known = new Map<number, string>();

/** The same text again for the same network: whoever looks it up has hashed it before. */
function ipv4Text(bits: number): string {
  const before = known.get(bits);
  if (before !== undefined) return before;
  const text = `${bits >> 16}.${(bits >> 8) & 255}.${bits & 255}.0/24`;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(bits, text);
  return text;
}
