import { AppError } from "../../lib/errors.ts";

export const notSetUp = () =>
  new AppError(
    "UNAVAILABLE",
    "This installation has not been set up. Open /admin with the code the server has printed.",
  );
