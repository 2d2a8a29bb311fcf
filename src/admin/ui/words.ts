/** Numbers and times as this reader writes them, in their own time zone. */
export const timezone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const numbers = new Intl.NumberFormat();
export const count = (value: number): string => numbers.format(value);

/** "1 click", "12 clicks". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const moment = (iso: string): string => moments.format(new Date(iso));

const days = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
export const day = (iso: string): string => days.format(new Date(iso));

const distances = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const steps: readonly [limitSeconds: number, seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86_400, 3600, "hour"],
  [86_400 * 30, 86_400, "day"],
  [86_400 * 365, 86_400 * 30, "month"],
  [Number.POSITIVE_INFINITY, 86_400 * 365, "year"],
];

/** "3 minutes ago". */
export function ago(iso: string): string {
  const seconds = Math.round((new Date(iso).getTime() - Date.now()) / 1000);
  const [, length, unit] = steps.find(([limit]) => Math.abs(seconds) < limit)!;
  return distances.format(Math.round(seconds / length), unit);
}

/** Midnight here, so many days before today. */
export function daysAgo(number: number): string {
  const date = new Date();
  date.setHours(0, 0, 0, 0);
  date.setDate(date.getDate() - number);
  return date.toISOString();
}
