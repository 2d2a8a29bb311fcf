const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const PAIRS = [...ALPHABET].flatMap((one) => [...ALPHABET].map((other) => one + other));
const RANDOM_DIGITS = 16;

export type Id<Prefix extends string> = `${Prefix}_${string}`;

let lastMs = 0;
let lastTime = encodeTime(0);
const digits = new Uint8Array(RANDOM_DIGITS);
/** Chance in stock: to ask for a few bytes costs as much as for many. */
const steps = new Uint32Array(256);
let nextStep = steps.length;

/**
 * A sortable id: prefix, 10 digits of time in milliseconds, 16 digits (80 bits) of chance, Crockford base 32.
 * Ids of one process ascend strictly: within a millisecond, or when the clock steps back, the last one is
 * counted up instead of drawn anew.
 */
export function newId<Prefix extends string>(prefix: Prefix, now: number): Id<Prefix> {
  if (now > lastMs) {
    lastMs = now;
    lastTime = encodeTime(now);
    crypto.getRandomValues(digits);
    for (let i = 0; i < RANDOM_DIGITS; i++) digits[i]! &= 31;
  } else {
    increment();
  }
  return `${prefix}_${lastTime}${encodeDigits(digits)}`;
}

/** Adds a random step, so that neighbours cannot be guessed from one id. */
function increment(): void {
  let carry = 1 + (step() & 0xffffff);
  for (let i = RANDOM_DIGITS - 1; i >= 0 && carry > 0; i--) {
    const sum = digits[i]! + carry;
    digits[i] = sum & 31;
    carry = sum >>> 5;
  }
  if (carry > 0) lastTime = encodeTime(++lastMs);
}

function step(): number {
  if (nextStep === steps.length) {
    crypto.getRandomValues(steps);
    nextStep = 0;
  }
  return steps[nextStep++]!;
}

/** Ten Crockford digits for a time in milliseconds. */
export function encodeTime(ms: number): string {
  let text = "";
  for (let rest = Math.floor(ms); text.length < 10; rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text;
  return text;
}

/** Two at a time: half the pieces to put together. */
function encodeDigits(values: Uint8Array): string {
  let text = "";
  for (let i = 0; i < values.length; i += 2) text += PAIRS[values[i]! * 32 + values[i + 1]!];
  return text;
}

/** True for a well-formed id with this prefix. */
export const isId = <Prefix extends string>(prefix: Prefix, text: string): text is Id<Prefix> =>
  text.length === prefix.length + 27 &&
  text.startsWith(`${prefix}_`) &&
  /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1));
