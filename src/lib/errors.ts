/** Codes for machines. They never change; `platform/http.ts` holds the one table to statuses. */
export type ErrorCode =
  | "VALIDATION_ERROR"
  | "UNAUTHORIZED"
  | "INVALID_API_KEY"
  | "INVALID_TOKEN"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "CONFLICT"
  | "SLUG_TAKEN"
  | "GONE"
  | "PRECONDITION_FAILED"
  | "PAYLOAD_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "IDEMPOTENCY_MISMATCH"
  | "RATE_LIMITED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "INSUFFICIENT_STORAGE";

/** One thing wrong with the input: a JSON pointer into it (`/destinationUrl`) and a sentence for people. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

/**
 * A failure the caller may be told about: a code for machines, a sentence for people that says what to do.
 * `cause` goes to the log only. Anything else that is thrown is a bug and reads as INTERNAL.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];
  /** Extra response headers, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
    this.headers = options.headers ?? {};
  }
}

/** The input is refused because of one field. `path` is a JSON pointer: `/slug`, `/tags/3`. */
export const invalid = (path: string, message: string): AppError =>
  new AppError("VALIDATION_ERROR", message, { details: [{ path, message }] });

/** Missing and foreign things are told apart by nobody: both are this. */
export const notFound = (what: string): AppError => new AppError("NOT_FOUND", `There is no such ${what}.`);
