import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { OutboundError } from "./errors.ts";
import type { Target } from "./policy.ts";

/** Longest head of an answer, trailers alike, in bytes. */
const HEAD_BYTES_MAX = 16 * 1024;
/** More answers before the answer (100, 103) than this are an attack. */
const INFORMATION_MAX = 8;

export interface Message {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

/**
 * Sends one HTTP/1.1 request over a connection to `address`, and waits for the head of the answer.
 * @throws OutboundError `protocol`
 */
export function send(
  socket: Socket,
  address: string,
  target: Target,
  message: Message,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const body = message.body === null ? null : Buffer.from(message.body);
  const failed = (cause: unknown) =>
    reject(new OutboundError("protocol", `${target.host} did not answer in HTTP.`, { cause }));
  const outgoing = httpRequest({
    // Never the name: whatever becomes of `createConnection`, nothing is resolved here (Bun passes
    // it over beside `agent: false`).
    host: address,
    port: target.port,
    createConnection: () => socket,
    method: message.method,
    path: `${target.url.pathname}${target.url.search}`,
    headers: {
      host: target.url.host.replace(/\.(?=:\d+$|$)/, ""),
      ...message.headers,
      ...(body ? { "content-length": String(body.length) } : {}),
      connection: "close",
    },
    maxHeaderSize: HEAD_BYTES_MAX,
  });
  let informed = 0;
  outgoing.on("information", () => {
    if (++informed > INFORMATION_MAX) outgoing.destroy(new Error("too many interim answers"));
  });
  outgoing.on("upgrade", () => failed(new Error("it switched protocols")));
  outgoing.on("response", resolve);
  outgoing.on("error", failed);
  if (body) outgoing.end(body);
  else outgoing.end();
  return promise;
}
