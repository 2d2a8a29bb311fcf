import { AppError, invalid } from "../../lib/errors.ts";

export const lastOwner = () =>
  new AppError(
    "CONFLICT",
    "A workspace has an owner at all times, and this is the last one. Make somebody else an owner first.",
  );

export const mayLess = (missing: readonly string[]) =>
  new AppError("FORBIDDEN", `Nobody grants what they may not do themselves: ${missing.join(", ")}.`);

export const mayMore = () =>
  new AppError("FORBIDDEN", "This member may do more than you: ask somebody who may do as much.");

export const noSuchRole = () => invalid("/role", "role is not one of this workspace");

export const roleNameTaken = (cause?: unknown) =>
  new AppError("CONFLICT", "There is a role of this name already.", {
    details: [{ path: "/name", message: "name is taken" }],
    cause,
  });

export const roleInUse = (members: number, invites: number) =>
  new AppError(
    "CONFLICT",
    `The role is in use: ${members} member(s) and ${invites} invitation(s) have it. Give them another first.`,
  );

export const personalIsAlone = () =>
  new AppError("CONFLICT", "A personal workspace is for one person. Make a workspace for a team.");

export const noTransfer = () => new AppError("NOT_FOUND", "Nobody was offered this workspace.");
export const transferOver = () =>
  new AppError("GONE", "This offer is good no longer: ask the owner for a new one.");
