/** `{slug}` and its like in a text. What stands in braces and is no name of a placeholder is left to `unknown`. */
const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

/** The first name in braces that is not among these; null when all are known. */
export function unknownPlaceholder(text: string, names: readonly string[]): string | null {
  for (const [, name] of text.matchAll(PLACEHOLDER)) if (!names.includes(name!)) return name!;
  return null;
}

/** The text with every known name in braces replaced, once: what a value brings along is not replaced again. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
