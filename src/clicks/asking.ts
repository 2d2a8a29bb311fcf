import { AppError } from "../lib/errors.ts";
import type { Ask, FromCounter, ToCounter } from "./messages.ts";

/** Questions that are out to the counter. */
export interface Asking {
  ask<T>(ask: Ask): Promise<T>;
  /** An answer came in. */
  hear(message: Extract<FromCounter, { kind: "answer" | "failed" }>): void;
  /** The counter is gone: whoever waits is told so. */
  giveUp(reason: string): void;
}

export function openAsking(post: (message: ToCounter) => void): Asking {
  const waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();
  let calls = 0;
  return {
    ask: <T>(ask: Ask) =>
      new Promise<T>((resolve, reject) => {
        const call = ++calls;
        waiting.set(call, { resolve, reject });
        post({ kind: "call", call, ask });
      }),
    hear(message) {
      const asked = waiting.get(message.call);
      waiting.delete(message.call);
      if (message.kind === "answer") asked?.resolve(message.answer as never);
      else asked?.reject(unavailable(message.message));
    },
    giveUp(reason) {
      for (const { reject } of waiting.values()) reject(unavailable(reason));
      waiting.clear();
    },
  };
}

export const unavailable = (cause: string): AppError =>
  new AppError("UNAVAILABLE", "Click statistics cannot be read at the moment. Try again in a while.", {
    cause: new Error(cause),
  });
