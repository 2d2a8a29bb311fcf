import type { After } from "../../lib/clock.ts";
import { Ended } from "../jobs/failure.ts";

/** How one attempt came out. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  /** Ended by the loop and gone on regardless: its slot is given back, what it still does counts for nothing. */
  | { readonly kind: "stuck"; readonly error: Ended; readonly reason: Ended };

export interface Attempt {
  /** Resolves once, and never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when the work has really ended, which may be never. */
  readonly gone: Promise<void>;
  /** Asks the work to end; when it does not, it is left alone after a moment. */
  end(reason: Ended): void;
}

/** What work has left to tidy up once its signal is aborted. */
const GRACE_MS = 5000;

/**
 * Runs work within its time. Nothing in JavaScript stops a promise, so work that ignores its signal is let go of: it
 * may run on, and nobody waits for it.
 */
export function begin(
  work: (signal: AbortSignal) => Promise<unknown>,
  { timeoutMs, after }: { readonly timeoutMs: number; readonly after: After },
): Attempt {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const controller = new AbortController();
  let callOff = after(timeoutMs, () =>
    end(new Ended("TIMED_OUT", `It was not done within ${timeoutMs / 1000} s.`)),
  );

  function end(reason: Ended): void {
    if (controller.signal.aborted) return;
    callOff();
    callOff = after(GRACE_MS, () =>
      resolve({
        kind: "stuck",
        reason,
        error: new Ended(
          "STUCK",
          `${reason.message} It did not stop when it was told to, and was left alone.`,
        ),
      }),
    );
    controller.abort(reason);
  }

  async function run(): Promise<Outcome> {
    try {
      await work(controller.signal);
      return { kind: "done" };
    } catch (error) {
      // Whatever an aborted fetch or query throws: the reason is why.
      return { kind: "failed", error: controller.signal.aborted ? controller.signal.reason : error };
    }
  }
  const gone = run().then((outcome) => {
    callOff();
    resolve(outcome);
  });
  return { outcome: promise, gone, end };
}
