import { Resolver } from "node:dns/promises";

/** What may be asked of DNS. `SOA` is answered for names that begin a zone alone. */
export type RecordType = "A" | "AAAA" | "CNAME" | "TXT" | "SOA";

/** DNS as those see it who are not here: neither the hosts file nor search domains are asked. */
export interface Dns {
  /**
   * The values of a name's records, aliases followed for addresses: none when there are none, or no such name. Names
   * are in lower case without a trailing dot; the pieces of a text are put together.
   * @throws DnsError when it cannot be known now
   */
  records(name: string, type: RecordType, signal: AbortSignal): Promise<string[]>;
}

/** The servers gave no answer, or none that can be used. The message may be shown to anybody. */
export class DnsError extends Error {
  override readonly name = "DnsError";
}

const QUESTION_MS = 2000;
/** Nobody's name has more, and what is found is kept and shown. */
const VALUES_MAX = 32;

/** @param servers `address` or `address:port`; those of the system when none are given */
export const openDns = (servers: readonly string[]): Dns => ({
  async records(name, type, signal) {
    const resolver = new Resolver({ timeout: QUESTION_MS, tries: 2 });
    if (servers.length > 0) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      signal.throwIfAborted();
      return (await asked(resolver, name, type)).slice(0, VALUES_MAX);
    } catch (error) {
      if (MISSING.test(String((error as { code?: unknown } | null)?.code))) return [];
      throw new DnsError(`DNS gave no answer about ${name} just now.`, { cause: error });
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  },
});

const MISSING = /(ENOTFOUND|ENODATA|ENONAME)$/;

async function asked(resolver: Resolver, name: string, type: RecordType): Promise<string[]> {
  switch (type) {
    case "A":
      return resolver.resolve4(name);
    case "AAAA":
      return resolver.resolve6(name);
    case "CNAME":
      return (await resolver.resolveCname(name)).map(plain);
    case "TXT":
      return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(""));
    case "SOA":
      return [plain((await resolver.resolveSoa(name)).nsname)];
  }
}

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, "");
