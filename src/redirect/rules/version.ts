/** A version as numbers: `17.4.1` is [17, 4, 1], and `NT 10` is [10]. Null when the text holds no number. */
export function versionOf(text: string): readonly number[] | null {
  const parts = /\d{1,9}(?:[._]\d{1,9})*/.exec(text)?.[0].split(/[._]/);
  return parts === undefined ? null : parts.map(Number);
}

/**
 * Compares as far as `wanted` goes: 17.4 is equal to 17, not greater, for whoever writes 17 means all of it. Parts that
 * are missing are 0. Negative, zero or positive.
 */
export function compareVersions(version: readonly number[], wanted: readonly number[]): number {
  for (let i = 0; i < wanted.length; i++) {
    const difference = (version[i] ?? 0) - wanted[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
