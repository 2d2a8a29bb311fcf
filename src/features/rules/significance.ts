/**
 * Whether a difference between variants is more than chance. Textbook tests on proportions, normal approximation
 * (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.4 and 7.3.3, https://www.itl.nist.gov/div898/handbook/).
 */

/** Fewer than so many on either side, expected or not, and the normal curve says nothing. */
const LEAST = 5;

/**
 * One proportion against what was expected of it: z = (k − n·p) / √(n·p·(1 − p)). Two-sided p-value; null while there
 * are too few to say.
 */
export function oneProportion(count: number, total: number, expected: number): number | null {
  const mean = total * expected;
  if (mean < LEAST || total - mean < LEAST) return null;
  return twoSided((count - mean) / Math.sqrt(mean * (1 - expected)));
}

/**
 * Two proportions against each other, pooled: z = (p₁ − p₂) / √(p·(1 − p)·(1/n₁ + 1/n₂)). Two-sided p-value; null while
 * there are too few to say.
 */
export function twoProportions(
  one: { readonly count: number; readonly total: number },
  other: { readonly count: number; readonly total: number },
): number | null {
  const total = one.total + other.total;
  const pooled = (one.count + other.count) / total;
  const least = Math.min(one.total, other.total) * Math.min(pooled, 1 - pooled);
  if (!(least >= LEAST)) return null;
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / one.total + 1 / other.total));
  return twoSided((one.count / one.total - other.count / other.total) / error);
}

const twoSided = (z: number): number => Math.min(1, 2 * upperTail(Math.abs(z)));

/** P(Z > z) for z ≥ 0: Abramowitz and Stegun, 26.2.17; the error is below 7.5e-8. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
