const POOL_WORDS = 3 * 4096;
// Drawn 4,096 clicks at a time: asking the system for every click would cost more than the whole record.
const pool = new Uint32Array(POOL_WORDS);
let next = POOL_WORDS;

/** Writes 80 fresh random bits: 16 into `halves` and 64 into `words`, at the places given. */
export function drawChance(halves: Uint16Array, half: number, words: Uint32Array, word: number): void {
  if (next === POOL_WORDS) refill();
  halves[half] = pool[next]!;
  words[word] = pool[next + 1]!;
  words[word + 1] = pool[next + 2]!;
  next += 3;
}

function refill(): void {
  // One call gives at most 65,536 bytes.
  crypto.getRandomValues(pool);
  next = 0;
}
