import { AppError } from "../lib/errors.ts";
import type { Actor } from "./context.ts";
import type { RegisteredRoute } from "./routes.ts";

export function refuseWhen(reason: AppError | null): void {
  if (reason) throw reason;
}

/** @throws AppError when the caller may not do what the route does */
export function admit(
  actor: Actor | null,
  { permission, pages }: RegisteredRoute,
  closed: AppError | null,
): void {
  refuseWhen(closed);
  if (!actor)
    throw new AppError("UNAUTHORIZED", "Sign in, or send an API key: Authorization: Bearer way_sk_…");
  if (permission !== null && !actor.permissions.has(permission))
    throw new AppError("FORBIDDEN", `This needs the permission ${permission}.`);
  if (actor.application?.kind === "publishable" && !pages)
    throw new AppError(
      "FORBIDDEN",
      "This is not for pages: a publishable key is let in only where pages are.",
    );
}
