import { cutAddress } from "../../lib/ip.ts";

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
  if (address.length > 15) return 0;
  let next = 0;
  for (let part = 0; part < 4; part++) {
    const end = part === 3 ? address.length : address.indexOf(".", next);
    const value = end === -1 ? -1 : decimal(address, next, end);
    if (value < 0) return 0;
    if (part < 3) bytes[at + part] = value;
    next = end + 1;
  }
  return 3;
}

/** One part of an address, or -1. A leading zero is refused: to others it may mean octal. */
function decimal(text: string, from: number, to: number): number {
  const digits = to - from;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(from) === ZERO)) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > 255 ? -1 : value;
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
