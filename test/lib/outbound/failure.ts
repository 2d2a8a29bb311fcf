import { OutboundError } from "../../../src/lib/outbound/errors.ts";

/** How a request failed; a test that expects a failure must not meet an answer, nor another kind of error. */
export const failureOf = (request: Promise<unknown>): Promise<OutboundError> =>
  request.then(
    () => {
      throw new Error("there was an answer");
    },
    (error: unknown) => {
      if (error instanceof OutboundError) return error;
      throw error;
    },
  );
