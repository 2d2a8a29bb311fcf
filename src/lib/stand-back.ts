import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

const NICE = 10;

/**
 * Lets this thread wait for whoever answers visitors, where there are not cores enough for both: Linux gives threads
 * priorities of their own.
 */
export function standBack(): void {
  try {
    setPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1)), NICE);
  } catch {
    // Not Linux, or not allowed: it only costs the visitors some time.
  }
}
