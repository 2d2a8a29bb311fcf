import { cutAddress } from "../../lib/ip.ts";

const DOT = 46;
const ZERO = 48;

/**
 * Writes the only form of an address that is ever kept, its first 24 bits (IPv4) or 48 (IPv6), and returns how
 * many bytes that is: 3, 6, or 0 when the text is no address. Always leaves six bytes written.
 */
export function cutInto(bytes: Uint8Array, at: number, address: string): number {
  const length = cutFourParts(bytes, at, address) || cutOther(bytes, at, address);
  for (let i = length; i < 6; i++) bytes[at + i] = 0;
  return length;
}

/** Most visitors come as `192.0.2.1`: read by hand, because a parser costs more than the rest of the record. */
function cutFourParts(bytes: Uint8Array, at: number, address: string): number {
  const length = address.length;
  if (length < 7 || length > 15) return 0;
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const code = address.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || part === 3) return 0;
      bytes[at + part++] = value;
      digits = value = 0;
    } else {
      // A leading zero may mean octal to others, and is no ordinary form.
      if (code < ZERO || code > ZERO + 9 || (digits > 0 && value === 0)) return 0;
      value = value * 10 + code - ZERO;
      digits++;
      if (value > 255) return 0;
    }
  }
  return part === 3 && digits > 0 ? 3 : 0;
}

function cutOther(bytes: Uint8Array, at: number, address: string): number {
  const cut = cutAddress(address);
  bytes.set(cut, at);
  return cut.length;
}

/** The cut bytes as people write them: `192.0.2.0/24`, `2001:db8:1::/48`; empty for no bytes. */
export function networkText(bytes: Uint8Array, at: number, length: number): string {
  if (length === 3) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.0/24`;
  if (length !== 6) return "";
  const groups = [0, 2, 4].map((i) => bytes[at + i]! * 256 + bytes[at + i + 1]!);
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(":")}::/48`;
}
