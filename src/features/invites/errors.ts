import { AppError, invalid } from "../../lib/errors.ts";

export const invitedAlready = (cause?: unknown) =>
  new AppError("CONFLICT", "This address has been invited already. Send that invitation again instead.", {
    details: [{ path: "/email", message: "email has been invited" }],
    cause,
  });

export const memberAlready = () =>
  new AppError("CONFLICT", "Whoever has this address is a member already.", {
    details: [{ path: "/email", message: "email belongs to a member" }],
  });

export const tooManyInvites = (max: number, whom: string) =>
  new AppError("RATE_LIMITED", `No more than ${max} invitations an hour are mailed ${whom}. Try later.`, {
    headers: { "retry-after": "3600" },
  });

export const inviteOver = () =>
  new AppError("GONE", "This invitation is good no longer. Ask whoever invited you for a new one.");

export const otherAddress = () =>
  new AppError("FORBIDDEN", "This invitation is for another address: sign in with the account of that one.");

export const signInFirst = () =>
  new AppError(
    "UNAUTHORIZED",
    "There is an account with the address that was invited: sign in with it first.",
  );

export const accountThere = (field: string) =>
  invalid(`/${field}`, `${field} is for a new account, and you are signed in`);
