import { AppError } from "../../lib/errors.ts";

export const templateNameTaken = (cause?: unknown) =>
  new AppError("CONFLICT", "Another template of this workspace has this name.", {
    details: [{ path: "/name", message: "name is taken" }],
    cause,
  });

export const tooManyTemplates = (most: number) =>
  new AppError("CONFLICT", `A workspace has at most ${most} templates: delete some first.`);
