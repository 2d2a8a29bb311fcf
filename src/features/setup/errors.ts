import { AppError } from "../../lib/errors.ts";

/** What is answered until somebody has set the installation up. */
export const notSetUp = () =>
  new AppError(
    "UNAVAILABLE",
    "This installation has not been set up. Open /admin with the code the server has printed.",
  );
