import { Resolver } from "node:dns/promises";
import { isAddress } from "../ip.ts";
import { OutboundError } from "./errors.ts";

/** All addresses of a name, IPv4 and IPv6. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** All of them are vetted, on the thread that answers visitors; nobody's name has more. */
const ADDRESSES_MAX = 64;
/** One question to one server; it is asked twice. */
const QUESTION_MS = 3000;

/**
 * Asks DNS, and not the hosts file of this machine. Each request has a resolver of its own, so that its questions
 * end with it. Not `dns.lookup`: there a server that does not answer holds a thread that files and zlib need too
 * (measured: 30 such names stopped every read of a file for 5 s).
 * @param servers `address` or `address:port`; those of the system when left out
 */
export const dnsResolve =
  (servers?: readonly string[]): Resolve =>
  async (host, signal) => {
    const resolver = new Resolver({ timeout: QUESTION_MS, tries: 2 });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
      if (addresses.length > 0) return addresses;
      const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
      throw unresolved(host, failures.find((failure) => !isMissing(failure)) ?? failures[0]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };

/** As other programs of this machine see it: the hosts file, search domains, DNS. Without threads: see above. */
export const systemResolve: Resolve = async (host) => {
  try {
    return (await Bun.dns.lookup(host, { backend: "c-ares" })).map(({ address }) => address);
  } catch (error) {
    throw unresolved(host, error);
  }
};

/** What a host stands for: an address for itself. */
export async function addressesOf(host: string, resolve: Resolve, signal: AbortSignal): Promise<string[]> {
  const addresses = new Set(isAddress(host) ? [host] : await resolve(host, signal));
  if (addresses.size > ADDRESSES_MAX) throw new OutboundError("dns", `${host} has too many addresses.`);
  return [...addresses];
}

const isMissing = (error: unknown): boolean =>
  /(ENOTFOUND|ENODATA|ENONAME)$/.test(String((error as { code?: unknown } | null)?.code));

const unresolved = (host: string, cause: unknown): OutboundError =>
  new OutboundError(
    "dns",
    isMissing(cause) || cause === undefined
      ? `There is no host ${host}.`
      : `The name ${host} could not be resolved just now.`,
    { cause },
  );
