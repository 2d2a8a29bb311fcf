/**
 * Remembers what a function made of its latest arguments, twice `max` of them at most. Two generations instead
 * of a strict order of use: half the cost of a hit, and what is asked for often stays all the same.
 */
export function memo<T extends object>(max: number, make: (key: string) => T): (key: string) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return (key) => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const value = old.get(key) ?? make(key);
    if (young.size >= max) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
    return value;
  };
}
