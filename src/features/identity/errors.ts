import { AppError } from "../../lib/errors.ts";

/** The same for a wrong password, an account that is not there, and one that was disabled. */
export const wrongCredentials = () => new AppError("UNAUTHORIZED", "E-mail address or password is wrong.");

/** The same for a wrong code, one that was used, one that is over, and one that was never sent. */
export const wrongCode = () =>
  new AppError("UNAUTHORIZED", "The code is wrong, was used, or is over. Ask for another.");

export const wrongLink = () =>
  new AppError("GONE", "This link was used, is over, or was replaced. Ask for another.");

/** The link is right; whoever opened it is not who asked. */
export const wrongSignUp = () =>
  new AppError(
    "UNAUTHORIZED",
    "This is not the password of the request. If somebody else asked, leave it, and sign up yourself.",
  );

export const sessionOver = () => new AppError("INVALID_TOKEN", "The session is over: sign in again.");

export const emailTaken = (cause?: unknown) =>
  new AppError("CONFLICT", "There is an account with this e-mail address already.", {
    details: [{ path: "/email", message: "email is taken" }],
    cause,
  });
