import { isAddress, isWithin, type Network, sameAddress } from "../ip.ts";
import { parseDestination } from "../url.ts";
import { isPublic, ownAddresses } from "./addresses.ts";
import { type Allowance, isUsualPort, openAt, opensAddress, opensHost } from "./allow.ts";
import { OutboundError, refused } from "./errors.ts";

/** Where a request goes, taken apart once: nothing after this reads the URL in another way. */
export interface Target {
  readonly url: URL;
  /** A name in lower case and punycode without a trailing dot, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** @throws OutboundError `invalid` for what is no http(s) URL, or holds a user name */
export function targetOf(typed: string): Target {
  const destination = parseDestination(typed);
  if ("problem" in destination) throw new OutboundError("invalid", `The address ${destination.problem}.`);
  const url = new URL(destination.href);
  const host = destination.host.replace(/^\[(.*)\]$/, "$1");
  if (!isAddress(host) && !isName(host)) throw new OutboundError("invalid", "The address has no valid host.");
  const secure = url.protocol === "https:";
  return { url, host, secure, port: url.port === "" ? (secure ? 443 : 80) : Number(url.port) };
}

const isName = (host: string): boolean =>
  host.length <= 253 &&
  host.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));

/** Whose addresses may be asked. Both functions throw an OutboundError for what may not. */
export interface Policy {
  /** Before a name is resolved. */
  admit(target: Target): void;
  /** All addresses of the host, before any is connected to: one that is refused refuses the host. */
  vet(target: Target, addresses: readonly string[]): void;
  /** True for a host that the operator named: it is looked up as the system does, its hosts file included. */
  named(target: Target): boolean;
}

/** For what the operator configured: it may be anywhere. */
export const operatorPolicy: Policy = { admit() {}, vet() {}, named: () => true };

export interface PublicRules {
  readonly allow: readonly Allowance[];
  readonly deny: readonly Network[];
  /** Take `http://` too, and not only where the operator opened it. */
  readonly plain: boolean;
  /** Addresses of this machine; those it has now when left out. */
  readonly own?: () => readonly string[];
}

/** For what anybody typed: the public internet, and what the operator opened. */
export function publicPolicy({ allow, deny, plain, own = ownAddresses }: PublicRules): Policy {
  const openFor = ({ port }: Target) => openAt(port, allow);
  const areStrange = (addresses: readonly string[]) => {
    const here = own();
    return addresses.every(
      (address) =>
        isPublic(address) && !isWithin(address, deny) && !here.some((one) => sameAddress(one, address)),
    );
  };
  /** Why the public internet is not asked in this way; null when it is. */
  const unusual = ({ port, secure }: Target): OutboundError | null => {
    if (!isUsualPort(port)) return new OutboundError("refused", `Port ${port} may not be asked.`);
    return secure || plain ? null : new OutboundError("refused", "Only https:// addresses may be asked.");
  };

  return {
    admit(target) {
      const open = openFor(target);
      const problem = unusual(target);
      if (problem && open.length === 0) throw problem;
      const inside = !isAddress(target.host) && isInsideName(target.host);
      if (inside && open.every((one) => one.network === null && one.host !== target.host)) throw refused();
    },
    vet(target, addresses) {
      const open = openFor(target);
      if (opensHost(open, target.host)) return;
      const others = addresses.filter((address) => !opensAddress(open, address));
      if (others.length > 0 && !areStrange(others)) throw refused();
      const problem = unusual(target);
      if (problem && others.length > 0) throw problem;
    },
    named: (target) => opensHost(openFor(target), target.host),
  };
}

/**
 * Names that only mean something inside a network. They are refused before they are resolved, so that nobody learns
 * which of them exist.
 */
const isInsideName = (host: string): boolean => !host.includes(".") || INSIDE.test(host);
const INSIDE = /\.(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|onion)$/;
