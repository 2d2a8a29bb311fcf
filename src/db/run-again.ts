import { AppError } from "../lib/errors.ts";
import { isSerializationFailure } from "./errors.ts";
import { openTurns } from "./turns.ts";

const AGAIN_MS_MAX = 10_000;
const PAUSE_MS_MAX = 100;

/** Those that were refused go one after another: in parallel they would refuse each other again. */
const turns = openTurns();

/**
 * Runs a transaction until Postgres has it in some serial order with all others. The first try is made at once;
 * pauses between further ones grow, and differ by chance from those of other processes.
 */
export async function runAgain<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isSerializationFailure(error)) throw error;
  }
  return turns.take(async () => {
    const until = performance.now() + AGAIN_MS_MAX;
    for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      try {
        return await run();
      } catch (error) {
        if (!isSerializationFailure(error)) throw error;
        if (performance.now() > until)
          throw new AppError("UNAVAILABLE", "Too much is being changed at once. Try again in a moment.", {
            cause: error,
          });
        await Bun.sleep(Math.random() * pauseMs);
      }
    }
  });
}
