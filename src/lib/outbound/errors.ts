/**
 * Why a request outwards came to nothing.
 * `invalid`: what was to be sent is none. `refused`: it may not go there. `dns`, `connect`, `tls`: on the way.
 * `timeout`: the deadline passed. `aborted`: the caller gave up. `too_large`: the answer is longer than asked for.
 * `protocol`: the answer is no HTTP. `redirects`: too many, or one that leads nowhere.
 */
export type OutboundFailure =
  | "invalid"
  | "refused"
  | "dns"
  | "connect"
  | "tls"
  | "timeout"
  | "aborted"
  | "too_large"
  | "protocol"
  | "redirects";

/**
 * A request outwards that failed. `message` may be shown to whoever typed the address: it holds nothing that was
 * received or resolved. `cause` is for the log of the operator only.
 */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly kind: OutboundFailure;
  /** The status of the answer, when its head had come. */
  readonly status: number | null;

  constructor(
    kind: OutboundFailure,
    message: string,
    options: { status?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.status = options.status ?? null;
  }
}

/** One sentence for every address that may not be asked: from inside, nothing is to be learned by it. */
export const refused = (): OutboundError =>
  new OutboundError("refused", "This address may not be asked: it is not on the public internet.");
