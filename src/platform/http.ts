import { Elysia, ValidationError } from "elysia";
import { isUnavailable } from "../db/postgres-health.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Context } from "./context.ts";
import { failure, type Stamp, validationError } from "./envelope.ts";
import type { Permission } from "./permissions.ts";
import { detailsOf } from "./validation.ts";

/** Which context a request that has been let in carries. */
export type ContextOf = (request: Request) => Context;

/**
 * Gives a route its `ctx`. A route without `may` has none and does not compile once it needs one; `api.ts` has
 * refused whoever lacks the permission before the body was read.
 */
export const guard = (contextOf: ContextOf) =>
  new Elysia({ name: "guard" }).macro({
    may: (permission: Permission) => ({
      detail: { "x-permission": permission } as never,
      resolve: ({ request }: { request: Request }): { ctx: Context } => ({ ctx: contextOf(request) }),
    }),
    /** For the public list: a `ctx` whose actor may do nothing. */
    open: (_: true) => ({
      detail: { "x-permission": null } as never,
      resolve: ({ request }: { request: Request }): { ctx: Context } => ({ ctx: contextOf(request) }),
    }),
    /** Beside `may`: for pages of other origins, by a publishable key. Such a key is let in nowhere else. */
    pages: (_: true) => ({ detail: { "x-pages": true } as never }),
  });
export type Guard = ReturnType<typeof guard>;

/** The only place where something thrown becomes an answer. What we did not foresee is told to nobody but the log. */
export const failures = (stampOf: (request: Request) => Stamp, log: Logger) =>
  new Elysia({ name: "failures" }).onError({ as: "global" }, ({ error, code, request }) =>
    failure(
      stampOf(request),
      asAppError(error, code, request, () => logBug(log, stampOf(request), request, error)),
    ),
  );

function asAppError(error: unknown, code: unknown, request: Request, unforeseen: () => void): AppError {
  const told = foreseen(error);
  if (told) return told;
  if (error instanceof ValidationError && error.type !== "response")
    return validationError(detailsOf(error, request));
  if (code === "NOT_FOUND") return new AppError("NOT_FOUND", "There is nothing at this address.");
  // What our own reader of bodies refuses comes wrapped.
  if (code === "PARSE")
    return (
      foreseen((error as Error).cause) ?? new AppError("VALIDATION_ERROR", "The body is not valid JSON.")
    );
  unforeseen();
  return new AppError("INTERNAL", "Something went wrong on our side. The request id helps us find it.");
}

/** A failure the caller is told of; null for bugs. Reads of a database that is away come as its driver throws them. */
export function foreseen(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (!isUnavailable(error)) return null;
  return new AppError("UNAVAILABLE", "The database cannot be reached. Try again in a moment.", {
    headers: { "retry-after": "1" },
    cause: error,
  });
}

export function logBug(log: Logger, { requestId }: Stamp, request: Request, error: unknown): void {
  const path = URL.parse(request.url)?.pathname;
  log.error("a request failed unexpectedly", {
    requestId,
    method: request.method,
    path,
    error: error instanceof Error ? error : String(error),
  });
}
