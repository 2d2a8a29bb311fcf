const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_DIGITS = 16;

export type Id<Prefix extends string> = `${Prefix}_${string}`;

let lastMs = 0;
const digits = new Uint8Array(RANDOM_DIGITS);

/**
 * A sortable id: prefix, 10 digits of time in milliseconds, 16 digits (80 bits) of chance, Crockford base 32.
 * Ids of one process ascend strictly: within a millisecond, or when the clock steps back, the last one is
 * counted up instead of drawn anew.
 */
export function newId<Prefix extends string>(prefix: Prefix, now: number): Id<Prefix> {
  if (now > lastMs) {
    lastMs = now;
    crypto.getRandomValues(digits);
    for (let i = 0; i < RANDOM_DIGITS; i++) digits[i]! &= 31;
  } else {
    increment();
  }
  return `${prefix}_${encodeTime(lastMs)}${encodeDigits(digits)}`;
}

/** Chance is drawn for many steps at once: asking for four bytes costs as much as asking for a thousand. */
const steps = new Uint32Array(256);
let stepsUsed = steps.length;

/** Adds a random step, so that neighbours cannot be guessed from one id. */
function increment(): void {
  if (stepsUsed === steps.length) {
    crypto.getRandomValues(steps);
    stepsUsed = 0;
  }
  let carry = 1 + (steps[stepsUsed++]! & 0xffffff);
  for (let i = RANDOM_DIGITS - 1; i >= 0 && carry > 0; i--) {
    const sum = digits[i]! + carry;
    digits[i] = sum & 31;
    carry = sum >>> 5;
  }
  if (carry > 0) lastMs++;
}

/** Ten Crockford digits for a time in milliseconds. */
export function encodeTime(ms: number): string {
  let text = "";
  for (let rest = Math.floor(ms); text.length < 10; rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text;
  return text;
}

function encodeDigits(values: Uint8Array): string {
  let text = "";
  for (const value of values) text += ALPHABET.charAt(value);
  return text;
}

/** True for a well-formed id with this prefix. */
export const isId = <Prefix extends string>(prefix: Prefix, text: string): text is Id<Prefix> =>
  text.length === prefix.length + 27 &&
  text.startsWith(`${prefix}_`) &&
  /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1));
