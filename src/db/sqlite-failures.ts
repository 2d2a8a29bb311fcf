import { AppError } from "../lib/errors.ts";
import { isDiskFull } from "./errors.ts";

/** The disk broke a promise or the file is damaged: only a restart, or a backup, helps. */
export function isFatal(error: unknown): boolean {
  const code = codeOf(error);
  return FATAL.some((one) => code.startsWith(one));
}
const FATAL = [
  "SQLITE_IOERR_FSYNC",
  "SQLITE_IOERR_DIR_FSYNC",
  "SQLITE_CORRUPT",
  "SQLITE_NOTADB",
  "THREAD_ENDED",
];

/** What a caller is told when the disk did not take a write, for now; null when that was not the reason. */
export function refusal(error: unknown): AppError | null {
  if (isDiskFull(error))
    return new AppError("INSUFFICIENT_STORAGE", "The disk is full. Free some space and try again.", {
      cause: error,
    });
  const code = codeOf(error);
  if (REFUSED.some((one) => code.startsWith(one)))
    return new AppError("UNAVAILABLE", "Storage does not take changes at the moment. Try again later.", {
      cause: error,
    });
  return null;
}
const REFUSED = [
  "SQLITE_IOERR",
  "SQLITE_READONLY",
  "SQLITE_CANTOPEN",
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLITE_PROTOCOL",
  "SQLITE_NOMEM",
];

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
