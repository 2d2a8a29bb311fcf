import { Cron } from "croner";
import { encodeTime, type Id } from "../../lib/ids.ts";
import { hashOf } from "../../lib/secrets.ts";

/** Every so many milliseconds, counted from 1970, or by the clock on the wall of an IANA time zone. */
export type Schedule =
  | { readonly everyMs: number }
  /** Minute, hour, day, month, weekday: `0 3 * * *`. */
  | { readonly cron: string; readonly timeZone: string };

/**
 * The first slot after this moment. A time that a change of the clock leaves out comes at the next one there is, and
 * one that it brings twice comes once.
 */
export function nextSlot(schedule: Schedule, after: number): number {
  if ("everyMs" in schedule) return (Math.floor(after / schedule.everyMs) + 1) * schedule.everyMs;
  const next = new Cron(schedule.cron, { timezone: schedule.timeZone, paused: true }).nextRun(
    new Date(after),
  );
  if (!next) throw new Error(`the schedule ${schedule.cron} has no next time`);
  return next.getTime();
}

/** The same id in every process, so that one slot is one row, whoever writes it first. */
export const slotId = (name: string, slot: number): Id<"job"> =>
  `job_${encodeTime(slot)}${digitsOf(hashOf(name))}`;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Sixteen digits of an id from a hexadecimal hash. */
const digitsOf = (hash: string): string =>
  Array.from({ length: 16 }, (_, i) =>
    ALPHABET.charAt(Number.parseInt(hash.slice(i * 2, i * 2 + 2), 16) & 31),
  ).join("");
