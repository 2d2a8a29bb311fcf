import { connect, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from "node:tls";
import { isAddress, sameAddress } from "../ip.ts";
import type { Deadline } from "./deadline.ts";
import { OutboundError } from "./errors.ts";
import type { Target } from "./policy.ts";

/** How long an address has before the next one is tried beside it, as RFC 8305 advises. */
const HEAD_START_MS = 250;
/** No more addresses than these are tried; all of them are vetted. */
const TRIED_MAX = 8;

/**
 * A connection to one of these addresses, the first that answers; families take turns. Nothing is resolved here.
 * @throws OutboundError `connect`
 */
export function connectFirst(
  { host, port }: Pick<Target, "host" | "port">,
  addresses: readonly string[],
  deadline: Deadline,
): Promise<Socket> {
  const waiting = byTurns(addresses).slice(0, TRIED_MAX);
  const open = new Set<Socket>();
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let done = false;

  const settle = (winner: Socket | null, problem?: unknown) => {
    if (done) return winner?.destroy();
    done = true;
    clearTimeout(timer);
    deadline.signal.removeEventListener("abort", aborted);
    for (const socket of open) if (socket !== winner) socket.destroy();
    if (winner) resolve(winner);
    else reject(problem);
  };
  const aborted = () => settle(null, deadline.signal.reason);
  const tryNext = (failure?: unknown) => {
    clearTimeout(timer);
    const address = waiting.shift();
    if (address !== undefined) begin(address);
    else if (open.size === 0)
      settle(
        null,
        new OutboundError("connect", `No connection to ${host}, port ${port}.`, { cause: failure }),
      );
  };
  const begin = (address: string) => {
    const socket = deadline.closes(connect({ host: address, port }));
    open.add(socket);
    socket.once("connect", () => {
      // What is asserted here is what all of this is for.
      if (sameAddress(socket.remoteAddress ?? "", address)) return settle(socket);
      settle(null, new Error(`connected to ${socket.remoteAddress} in place of ${address}`));
    });
    // It stays for the life of the socket: an error that nobody hears would end the process.
    socket.on("error", (error) => {
      socket.destroy();
      if (open.delete(socket) && !done) tryNext(error);
    });
    if (waiting.length > 0) timer = setTimeout(tryNext, HEAD_START_MS);
  };

  deadline.signal.addEventListener("abort", aborted, { once: true });
  if (deadline.signal.aborted) aborted();
  else tryNext();
  return promise;
}

/** IPv6 and IPv4 alternating, beginning with the family that came first. */
function byTurns(addresses: readonly string[]): string[] {
  const isSame = (address: string) => address.includes(":") === addresses[0]?.includes(":");
  const first = addresses.filter(isSame);
  const second = addresses.filter((address) => !isSame(address));
  return first
    .flatMap((address, i) => [address, ...second.slice(i, i + 1)])
    .concat(second.slice(first.length));
}

/**
 * TLS over a connection, its certificate checked against the name that was asked for, whatever the environment says.
 * @throws OutboundError `tls`, with a reason for people
 */
export function secure(
  raw: Socket,
  host: string,
  authorities: readonly string[] | undefined,
  deadline: Deadline,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTls({
    socket: raw,
    // An address has no place in SNI.
    ...(isAddress(host) ? {} : { servername: host }),
    ...(authorities ? { ca: [...authorities] } : {}),
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
      checkServerIdentity(host, certificate),
  });
  deadline.closes(socket);
  socket.once("secureConnect", () =>
    socket.authorized ? resolve(socket) : reject(distrusted(host, socket.authorizationError)),
  );
  socket.on("error", (error: unknown) => {
    socket.destroy();
    reject(distrusted(host, error));
  });
  return promise;
}

function distrusted(host: string, cause: unknown): OutboundError {
  const code = String((cause as { code?: unknown } | null)?.code ?? "");
  const reason =
    REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? "no safe connection could be agreed on";
  return new OutboundError("tls", `The TLS of ${host} is not to be trusted: ${reason}.`, { cause });
}

const REASONS: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "its certificate is not valid yet"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "its certificate is for another name"],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, "its certificate is signed by itself"],
  [/^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/, "nobody we know has signed its certificate"],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, "it speaks no TLS newer than 1.1"],
  [/WRONG_VERSION_NUMBER/, "it does not speak TLS at this port"],
  [/^(ECONNRESET|EPIPE)$/, "it closed the connection"],
];
