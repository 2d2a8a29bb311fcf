import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { isDiskFull, sqlStates } from "./errors.ts";

export interface PostgresHealth {
  /** The error as the caller may see it. Remembers it when it says that the server is not well. */
  judged(error: unknown): unknown;
  problem(): string | null;
  stop(): void;
}

const PROBE_MS = 1000;

/** Knows from the errors of queries when the server is away, and asks every second whether it is back. */
export function openPostgresHealth({ ping, log }: { ping(): Promise<unknown>; log: Logger }): PostgresHealth {
  let refused: AppError | null = null;
  let timer: Timer | null = null;

  const stop = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
  };
  const probe = (): void => {
    ping().then(
      () => {
        log.info("The database server answers again");
        refused = null;
        stop();
      },
      () => {},
    );
  };
  return {
    judged(error) {
      const now = refusal(error);
      if (!now) return error;
      if (!refused) {
        log.error("The database server refuses changes; it is asked again every second", { error });
        timer = setInterval(probe, PROBE_MS);
        timer.unref();
      }
      refused = now;
      return now;
    },
    problem: () => refused?.message ?? null,
    stop,
  };
}

function refusal(error: unknown): AppError | null {
  if (isDiskFull(error))
    return new AppError("INSUFFICIENT_STORAGE", "The disk of the database server is full.", { cause: error });
  if (isUnavailable(error))
    return new AppError("UNAVAILABLE", "The database server cannot be reached. Try again in a moment.", {
      cause: error,
    });
  return null;
}

/** The server, or the way to it, is not there for now. */
export const isUnavailable = (error: unknown): boolean =>
  sqlStates(error).some((state) => AWAY.some((one) => state.startsWith(one)));

/**
 * Class 08 is a broken connection, 57P the server going down or coming up, 53 its resources, 25006 a standby
 * that only reads, 57014 a statement past its deadline. The words are Bun's own.
 */
const AWAY = [
  "08",
  "57P",
  "53",
  "25006",
  "57014",
  "ERR_POSTGRES_CONNECTION",
  "ERR_POSTGRES_IDLE",
  "ERR_POSTGRES_LIFETIME",
  "ECONN",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
];
