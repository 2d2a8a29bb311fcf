import type { Database } from "../../db/database.ts";
import type { After } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import { writeProgress } from "../jobs/claims.ts";

/** How far a running job has come: told at once to who watches here, written down once a second at most. */
export interface Progress {
  tell(fraction: number, message?: string): void;
  stop(): void;
}

const WRITE_EVERY_MS = 1000;
const MESSAGE_MAX = 200;

export function openProgress(
  db: Database,
  after: After,
  job: { readonly id: Id<"job">; readonly owner: string },
  written: () => void,
): Progress {
  let next: Record<string, unknown> | null = null;
  let pausing = false;
  let stopped = false;
  let callOff = () => {};

  function write(): void {
    pausing = false;
    if (next === null || stopped) return;
    const parameters = next;
    next = null;
    pausing = true;
    // It is for people's eyes: one that is lost is followed by another.
    db.each(writeProgress, [parameters]).then(written, () => {});
    callOff = after(WRITE_EVERY_MS, write);
  }
  return {
    tell(fraction, message) {
      const whole = Math.round(Math.max(0, Math.min(1, fraction)) * 1000);
      next = {
        ...job,
        progress: Number.isFinite(whole) ? whole : 0,
        message: message?.slice(0, MESSAGE_MAX) ?? null,
      };
      if (!pausing) write();
    },
    stop() {
      stopped = true;
      callOff();
    },
  };
}
