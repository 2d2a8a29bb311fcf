import { AppError, invalid } from "../../lib/errors.ts";

export const slugTaken = (cause?: unknown) =>
  new AppError("CONFLICT", "Another workspace has this slug.", {
    details: [{ path: "/slug", message: "slug is taken" }],
    cause,
  });

export const tooManyWorkspaces = (max: number) =>
  new AppError(
    "FORBIDDEN",
    `One account may own ${max} workspace(s) here, those that are being deleted among them.`,
  );

export const notTyped = () => invalid("/confirm", "confirm must be the name of the workspace, exactly");

export const personalStays = () =>
  new AppError("CONFLICT", "A personal workspace belongs to its account and goes with it.");

export const onTestSide = (what: string, liveId: string) =>
  new AppError("FORBIDDEN", `This is the test side, and ${what} belong to the live side: ${liveId}.`);
