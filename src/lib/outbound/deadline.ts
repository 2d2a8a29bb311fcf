import type { Socket } from "node:net";
import { OutboundError } from "./errors.ts";

/** One span of time over all that a request does. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** What `work` comes to, or the end of the time; `doing` goes into the message. */
  within<T>(doing: string, work: Promise<T>): Promise<T>;
  /** Sees to it that the socket is closed when the request ends, however it ends. */
  closes<S extends Socket>(socket: S): S;
  /** Nothing is waited for any more, and nothing stays open. */
  end(): void;
}

/** @param caller ends it too, with `aborted` in place of `timeout` */
export function openDeadline(timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const control = new AbortController();
  const { signal } = control;
  const sockets = new Set<Socket>();
  let phase = "beginning";
  const closeAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = (reason: OutboundError) => {
    control.abort(reason);
    closeAll();
  };
  const timedOut = () =>
    stop(
      new OutboundError("timeout", `It took longer than ${timeoutMs / 1000} s, and ended while ${phase}.`),
    );
  const aborted = () =>
    stop(new OutboundError("aborted", "The request was given up.", { cause: caller?.reason }));
  const timer = setTimeout(timedOut, timeoutMs);
  caller?.addEventListener("abort", aborted, { once: true });
  if (caller?.aborted) aborted();

  return {
    signal,
    within<T>(doing: string, work: Promise<T>) {
      phase = doing;
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const ended = () => reject(signal.reason);
      if (signal.aborted) ended();
      signal.addEventListener("abort", ended, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
      return promise;
    },
    closes<S extends Socket>(socket: S) {
      if (signal.aborted) socket.destroy();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
    end() {
      clearTimeout(timer);
      caller?.removeEventListener("abort", aborted);
      closeAll();
    },
  };
}
