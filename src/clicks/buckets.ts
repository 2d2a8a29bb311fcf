import type { Granularity } from "./store.ts";

/** Buckets nobody can look at any more: 20 years of hours. */
const BUCKETS_MAX = 175_320;

/**
 * The starts of the hours, days or months of a time zone that touch `from` up to `to`, in milliseconds since
 * 1970, and as many as `limit`. Local ones: a day with a change of the clock has 23 or 25 hours, an hour in
 * Kathmandu begins at a quarter past, and an hour that comes twice is two.
 *
 * @param timezone IANA name
 * @throws RangeError when there is no such time zone
 */
export function bucketStarts(
  granularity: Granularity,
  timezone: string,
  from: number,
  to: number,
  limit: number,
): number[] {
  const starts: number[] = [];
  let start = floor(Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timezone), granularity);
  while (start.epochMilliseconds < to && starts.length < Math.min(limit, BUCKETS_MAX)) {
    starts.push(start.epochMilliseconds);
    start = next(start, granularity);
  }
  return starts;
}

/** The start of the bucket behind one that starts at `start`. */
function next(start: Temporal.ZonedDateTime, granularity: Granularity): Temporal.ZonedDateTime {
  if (granularity === "day") return start.add({ days: 1 }).startOfDay();
  if (granularity === "month") return start.with({ day: 1 }).add({ months: 1 }).startOfDay();
  const later = start.add({ hours: 1 });
  if (later.minute === 0) return later;
  // The clock has changed by part of an hour: go on to where the next whole one begins.
  const whole = floor(later, "hour");
  return whole.epochMilliseconds > start.epochMilliseconds
    ? whole
    : later.add({ minutes: 60 - later.minute });
}

function floor(time: Temporal.ZonedDateTime, granularity: Granularity): Temporal.ZonedDateTime {
  if (granularity === "day") return time.startOfDay();
  if (granularity === "month") return time.with({ day: 1 }).startOfDay();
  // Subtracted as elapsed time: `round` would take the second coming of a repeated hour for its first.
  const whole = time.subtract({
    minutes: time.minute,
    seconds: time.second,
    milliseconds: time.millisecond,
  });
  return whole.minute === 0 ? whole : floor(whole, granularity);
}
