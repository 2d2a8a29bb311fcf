import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, fail, ok, type Patient, warn } from "./finding.ts";

/** No release is older than this: a clock before it is wrong. */
const EARLIEST = Date.UTC(2026, 0, 1);
const SLACK_MS = 5 * 60_000;
const FIX = "Set the clock, and keep it with NTP: timedatectl set-ntp true";

/** Ids, expiries and the days of unique visitors hang on the clock. */
export function checkClock({ dataDir, now }: Patient): Finding[] {
  const here = new Date(now).toISOString();
  if (now < EARLIEST) return [fail("clock", `It says ${here}, which is before this program was made.`, FIX)];
  const newest = Math.max(
    0,
    ...["waypost.db", "waypost.db-wal", "clicks.db"].map((name) => changedAt(dataDir, name)),
  );
  if (newest > now + SLACK_MS)
    return [
      warn(
        "clock",
        `It says ${here}, but the data was last written at ${new Date(newest).toISOString()}: it has gone back.`,
        FIX,
      ),
    ];
  return [ok("clock", here)];
}

function changedAt(dataDir: string, name: string): number {
  const path = join(dataDir, name);
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
