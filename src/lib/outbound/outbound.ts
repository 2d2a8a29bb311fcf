import type { IncomingMessage } from "node:http";
import { type Network, parseNetwork } from "../ip.ts";
import { type Allowance, parseAllowance } from "./allow.ts";
import { ACCEPT_ENCODING, readBody } from "./body.ts";
import { connectFirst, secure } from "./connect.ts";
import { type Deadline, openDeadline } from "./deadline.ts";
import { OutboundError } from "./errors.ts";
import { type Message, send } from "./exchange.ts";
import { checkHeaders, headersForAnybody, METHODS } from "./headers.ts";
import { operatorPolicy, type Policy, publicPolicy, type Target, targetOf } from "./policy.ts";
import { addressesOf, dnsResolve, type Resolve, systemResolve } from "./resolve.ts";

export interface OutboundRequest {
  /** `https://…`; `http://…` with `plain`, or where the operator opened it. */
  readonly url: string;
  /** GET when left out. */
  readonly method?: string;
  /** What the door sets itself (Host, Content-Length, Connection …) is refused here. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For everything together, from the first question to DNS to the last byte. 15 s when left out. */
  readonly timeoutMs?: number;
  /** Longest body, unpacked. 1 MiB when left out. */
  readonly bytesMax?: number;
  /** Cut a longer body off, and answer what there is; else it is refused. */
  readonly cut?: boolean;
  /** How many redirects are followed, by GET and HEAD without a body; 0 when left out: a redirect is then the answer. */
  readonly redirectsMax?: number;
  /** Take `http://` as well. */
  readonly plain?: boolean;
  /** Ends the request when the caller has no more use for it. */
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Unpacked, and no longer than asked for. */
  readonly body: Buffer;
  /** True when the body was longer. */
  readonly cut: boolean;
  /** Whence the answer came: after redirects, not what was asked. */
  readonly url: string;
  /** The address that answered. For logs of the operator. */
  readonly address: string;
  /** The body as UTF-8. */
  text(): string;
}

export interface Asking {
  /** @throws OutboundError, and nothing else */
  request(request: OutboundRequest): Promise<OutboundAnswer>;
}

/** The one door to other servers. By itself it goes to the public internet, and where the operator opened it. */
export interface Outbound extends Asking {
  /** For addresses from the configuration: anywhere. Nothing that a workspace typed may pass here. */
  readonly operator: Asking;
}

export interface OutboundOptions {
  /** As in WAYPOST_OUTBOUND_ALLOW. */
  readonly allow?: readonly string[];
  /** As in WAYPOST_OUTBOUND_DENY. */
  readonly deny?: readonly string[];
  readonly userAgent?: string;
  /** `address:port` of the servers to ask; those of the system when left out. */
  readonly dnsServers?: readonly string[];
  /** Certificates (PEM) of the only authorities to trust; those of the system when left out. */
  readonly authorities?: readonly string[];
}

const TIMEOUT_MS = 15_000;
const BYTES_MAX = 1024 * 1024;

export function openOutbound(options: OutboundOptions = {}): Outbound {
  const allow = (options.allow ?? []).map((one): Allowance => parseAllowance(one)!);
  const deny = (options.deny ?? []).map((one): Network => parseNetwork(one)!);
  const door: Door = { ...options, strangers: dnsResolve(options.dnsServers) };
  const open = (plain = false) => publicPolicy({ allow, deny, plain });
  return {
    request: (request) => pass(door, request, open(request.plain), open(request.plain)),
    // What the operator configured may redirect within itself; from the first hop elsewhere it is as strange as anybody.
    operator: { request: (request) => pass(door, request, operatorPolicy, open(request.plain)) },
  };
}

interface Door extends OutboundOptions {
  readonly strangers: Resolve;
}

/** @param beyond the policy once a redirect has left the origin that was asked for, on the way back to it too */
async function pass(
  door: Door,
  request: OutboundRequest,
  policy: Policy,
  beyond: Policy,
): Promise<OutboundAnswer> {
  const deadline = openDeadline(request.timeoutMs ?? TIMEOUT_MS, request.signal);
  try {
    return await follow(door, request, policy, beyond, deadline);
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    throw new OutboundError("protocol", "The request failed.", { cause: error });
  } finally {
    deadline.end();
  }
}

async function follow(
  door: Door,
  request: OutboundRequest,
  first: Policy,
  beyond: Policy,
  deadline: Deadline,
): Promise<OutboundAnswer> {
  let message = messageOf(request, door.userAgent);
  let target = targetOf(request.url);
  let policy = first;
  const hopsMax = hopsMaxOf(request, message);
  for (let hop = 0; ; hop++) {
    const answer = await ask(door, { target, policy, message, request, deadline, follows: hopsMax > 0 });
    if (!("next" in answer)) return answer;
    if (hop === hopsMax) throw new OutboundError("redirects", `More than ${hopsMax} redirects.`);
    if (answer.next.url.origin !== target.url.origin) {
      message = { ...message, headers: headersForAnybody(message.headers) };
      policy = beyond;
    }
    target = answer.next;
  }
}

function messageOf({ method = "GET", headers = {}, body }: OutboundRequest, userAgent = "Waypost"): Message {
  if (!METHODS.has(method)) throw new OutboundError("invalid", "There is no such method.");
  const fields = { "user-agent": userAgent, ...checkHeaders(headers), "accept-encoding": ACCEPT_ENCODING };
  return { method, headers: fields, body: body ?? null };
}

/** What has an effect or a body is never sent a second time. */
const hopsMaxOf = ({ redirectsMax = 0 }: OutboundRequest, { method, body }: Message): number =>
  (method === "GET" || method === "HEAD") && body === null ? redirectsMax : 0;

interface Question {
  readonly target: Target;
  readonly policy: Policy;
  readonly message: Message;
  readonly request: OutboundRequest;
  readonly deadline: Deadline;
  readonly follows: boolean;
}

/** One request to one host, over a connection of its own; the deadline closes it. */
async function ask(door: Door, question: Question): Promise<OutboundAnswer | { next: Target }> {
  const { target, policy, message, request, deadline, follows } = question;
  const { host } = target;
  policy.admit(target);
  const resolve = policy.named(target) && !door.dnsServers ? systemResolve : door.strangers;
  const addresses = await deadline.within("resolving its name", addressesOf(host, resolve, deadline.signal));
  policy.vet(target, addresses);
  const raw = await deadline.within("connecting", connectFirst(target, addresses, deadline));
  const address = raw.remoteAddress ?? "";
  const socket = target.secure
    ? await deadline.within("agreeing on TLS", secure(raw, host, door.authorities, deadline))
    : raw;
  const incoming = await deadline.within("waiting for its answer", send(socket, address, target, message));
  const next = follows ? nextOf(incoming, target) : null;
  if (next) return { next };
  const { bytesMax = BYTES_MAX, cut: cuts = false } = request;
  const limits = { host, method: message.method, bytesMax, cut: cuts };
  const { body, cut } = await deadline.within("reading its answer", readBody(incoming, limits));
  return {
    status: incoming.statusCode!,
    headers: headersOf(incoming),
    body,
    cut,
    url: target.url.href,
    address,
    text: () => body.toString("utf8"),
  };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where a redirect leads; null when the answer is none. */
function nextOf(incoming: IncomingMessage, from: Target): Target | null {
  const { location } = incoming.headers;
  if (location === undefined || !REDIRECTS.has(incoming.statusCode!)) return null;
  // Header fields are read byte by byte; some send UTF-8.
  const url = URL.parse(Buffer.from(location, "latin1").toString("utf8"), from.url.href);
  if (url) url.hash = "";
  try {
    return targetOf(url?.href ?? "");
  } catch (error) {
    const status = incoming.statusCode!;
    throw new OutboundError("redirects", `${from.host} redirects to no address.`, { status, cause: error });
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  return headers;
}
