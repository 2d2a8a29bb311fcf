import { AppError, type ErrorCode, type ErrorDetail } from "../lib/errors.ts";
import { isoOf } from "./schema.ts";

/** The one table from error codes to HTTP statuses. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  INVALID_API_KEY: 401,
  INVALID_TOKEN: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  SLUG_TAKEN: 409,
  GONE: 410,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  INSUFFICIENT_STORAGE: 507,
};

/** What identifies an answer: when its request arrived, and under which id it is logged. */
export interface Stamp {
  readonly at: number;
  readonly requestId: string;
}

const meta = ({ at, requestId }: Stamp) => ({ timestamp: isoOf(at), version: "v1" as const, requestId });

/** Every success of the API is written here, and every failure below. */
export const success = <T>(stamp: Stamp, status: number, message: string, data: T) => ({
  success: true as const,
  status,
  message,
  data,
  meta: meta(stamp),
});

/** `more` are headers beside those of the error and of every answer. */
export function failure(stamp: Stamp, error: AppError, more?: Readonly<Record<string, string>>): Response {
  const status = statusOf[error.code];
  const { code, message, details } = error;
  const body = { success: false, status, message, error: { code, message, details }, meta: meta(stamp) };
  return Response.json(body, { status, headers: { ...everyAnswer(stamp), ...more, ...error.headers } });
}

/** What every answer carries, unless it says otherwise. */
export const everyAnswer = ({ requestId }: Stamp): Record<string, string> => ({
  "x-request-id": requestId,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
});

export const validationError = (details: readonly ErrorDetail[]): AppError =>
  new AppError("VALIDATION_ERROR", details[0]?.message ?? "The request is not valid.", { details });
