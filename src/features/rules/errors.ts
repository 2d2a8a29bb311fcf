import { AppError } from "../../lib/errors.ts";
import { RULES_MAX } from "./model.ts";

export const rulesFull = () =>
  new AppError("CONFLICT", `There are ${RULES_MAX} rules already: that is as many as there can be.`);

export const ruleVersionPassed = (version: number) =>
  new AppError(
    "PRECONDITION_FAILED",
    `The rule has been changed meanwhile: it is at version ${version}. Read it again.`,
  );

export const finishedAlready = () =>
  new AppError("CONFLICT", "The split is finished. Delete it, or set it anew to begin again.");
