/**
 * An IPv4 address in its ordinary form as a number; -1 for anything else. By hand, because nearly every visitor has
 * one, and a parser of all addresses costs more than the rest of a redirect. `ip.ts` is its oracle in the tests.
 */
export function parseIpv4(text: string): number {
  let address = 0;
  let from = 0;
  for (let part = 0; part < 4; part++) {
    const to = part === 3 ? text.length : text.indexOf(".", from);
    const value = octet(text, from, to);
    if (value < 0) return -1;
    address = address * 256 + value;
    from = to + 1;
  }
  return address;
}

function octet(text: string, from: number, to: number): number {
  const digits = to - from;
  // A leading zero would be octal to some.
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(from) === ZERO)) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > 255 ? -1 : value;
}

const ZERO = 48;
