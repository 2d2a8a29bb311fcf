import { AppError } from "../../lib/errors.ts";

export const slugTaken = (slug: string, cause?: unknown) =>
  new AppError(
    "SLUG_TAKEN",
    `"${slug}" is in use on this domain, or was and rests in the trash. Choose another slug.`,
    {
      details: [{ path: "/slug", message: "slug is taken" }],
      cause,
    },
  );

export const externalIdTaken = (cause?: unknown) =>
  new AppError("CONFLICT", "Another link of this workspace has this externalId.", {
    details: [{ path: "/externalId", message: "externalId is taken" }],
    cause,
  });

export const versionPassed = (version: number) =>
  new AppError(
    "PRECONDITION_FAILED",
    `The link has been changed meanwhile: it is at version ${version}. Read it again.`,
  );

export const inTrash = () => new AppError("CONFLICT", "The link is in the trash. Restore it first.");
