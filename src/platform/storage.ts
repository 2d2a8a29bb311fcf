import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import { fileSystemOf, freeBytes } from "../lib/files.ts";

const LOOK_EVERY_MS = 1000;

/**
 * Refuses writes while the disk has less than the reserve, so that clicks and redirects go on. Looks once a second
 * at most; opens again by itself.
 */
export function diskGuard(dataDir: string, reserveBytes: number, clock: Clock): () => AppError | null {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let refusal: AppError | null = null;
  return () => {
    const now = clock.now();
    // A clock that steps back must not keep an old finding alive.
    if (Math.abs(now - lookedAt) < LOOK_EVERY_MS) return refusal;
    lookedAt = now;
    refusal = freeBytes(dataDir) < reserveBytes ? full(reserveBytes) : null;
    return refusal;
  };
}

const full = (reserveBytes: number) =>
  new AppError(
    "INSUFFICIENT_STORAGE",
    `The disk has less than ${Math.round(reserveBytes / 1e6)} MB left (WAYPOST_DISK_RESERVE). Links keep working; free some space to change things.`,
  );

/** The data folder would end with the machine or the container, and every link with it. */
export class EphemeralFolder extends Error {
  override readonly name = "EphemeralFolder";
}

/** @throws EphemeralFolder for tmpfs and a container's own layer */
export function refuseEphemeral(dataDir: string): void {
  const { name, ephemeral } = fileSystemOf(dataDir);
  if (ephemeral)
    throw new EphemeralFolder(
      `${dataDir} lies on ${name}, which does not outlive this machine or container: links would be lost. Mount a volume there, or set WAYPOST_ALLOW_EPHEMERAL=true if that is meant.`,
    );
}
