export const weekdays = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;

/** The clock on the wall of a time zone. */
export interface WallClock {
  /** From 0, Sunday. */
  readonly weekday: number;
  /** Minutes since midnight, 0 to 1439. */
  readonly minute: number;
}

/** Offsets change at whole quarters of an hour, in every zone there is today. */
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

interface Known {
  quarter: number;
  offsetMs: number;
}
const zones = new Map<string, Known>();
const ZONES_MAX = 1000;

/**
 * What the clock shows in a zone at a moment, summer time as the zone has it. Asking the calendar takes microseconds,
 * so the offset of each zone is kept for the quarter of an hour it was asked for.
 *
 * @throws RangeError for a zone that is unknown
 */
export function wallClock(at: number, zone: string): WallClock {
  const local = at + offsetMs(at, zone);
  const day = Math.floor(local / DAY_MS);
  // 1970 began on a Thursday.
  return { weekday: (((day + 4) % 7) + 7) % 7, minute: Math.floor((local - day * DAY_MS) / 60_000) };
}

function offsetMs(at: number, zone: string): number {
  if (zone === "UTC") return 0;
  const quarter = Math.floor(at / QUARTER_MS);
  let known = zones.get(zone);
  if (known?.quarter === quarter) return known.offsetMs;
  const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  if (known === undefined) {
    if (zones.size >= ZONES_MAX) zones.clear();
    known = { quarter, offsetMs: 0 };
    zones.set(zone, known);
  }
  known.quarter = quarter;
  known.offsetMs = offsetNanoseconds / 1e6;
  return known.offsetMs;
}

/** True for the name of a zone that this machine knows. */
export function isZone(name: string): boolean {
  // Offsets such as +02:00 are taken by the calendar too, and know nothing of summer time.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first millisecond of a date or time as people write it: `2026-12-24`, `2026-12-24T18:00` in the zone, or with an
 * offset of its own. A time that the clock skips in spring is moved on, one that comes twice in autumn is the first.
 * `next` is the first millisecond after it: of the next day for a date, of the next minute for a time.
 * Null when there is no such time.
 */
export function momentsOf(
  text: string,
  zone: string,
): { readonly from: number; readonly next: number } | null {
  try {
    if (/(?:Z|[+-]\d{2}:\d{2})$/.test(text)) {
      const from = Temporal.Instant.from(text).epochMilliseconds;
      return { from, next: from };
    }
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
      const day = Temporal.PlainDate.from(text);
      return { from: startOf(day, zone), next: startOf(day.add({ days: 1 }), zone) };
    }
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?$/.test(text)) return null;
    const from = Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
    return { from, next: from };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const startOf = (day: Temporal.PlainDate, zone: string): number =>
  day.toZonedDateTime(zone).epochMilliseconds;
