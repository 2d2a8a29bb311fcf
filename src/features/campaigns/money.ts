const MILLION = 1_000_000;
const DIGITS = 6;

/** An amount as the API takes it (`12.5`), in millionths: exactly, which a fraction would not be. */
export function millionthsOf(text: string): number {
  const [whole = "0", part = ""] = text.split(".");
  return Number(whole) * MILLION + Number(part.padEnd(DIGITS, "0"));
}

/** The same as text: with two digits behind the point, or as many as it takes. */
export function moneyOf(millionths: number | null): string | null {
  if (millionths === null) return null;
  const part = String(millionths % MILLION)
    .padStart(DIGITS, "0")
    .replace(/0{1,4}$/, "");
  return `${Math.floor(millionths / MILLION)}.${part}`;
}
