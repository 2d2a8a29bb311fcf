import { isWithin, neighbourhoodOf, parseNetwork } from "../lib/ip.ts";
import type { DomainSnapshot } from "./snapshot.ts";

/**
 * Whoever asks for many slugs that do not exist is guessing. Until the minute is over, what they ask for beside the
 * links that everybody visits (those in memory) is not even looked up, so that a guess that hits tells them no more
 * than one that does not.
 */
export interface Misses {
  /** A slug was asked for that the domain does not have. */
  add(address: string, domain: DomainSnapshot, now: number): void;
  /** Whether anybody is refused at the moment: nobody else need be asked for an address. */
  refusesAny(now: number): boolean;
  /** The domain in question when this client is refused there; null otherwise. */
  refused(address: string, host: string, now: number): DomainSnapshot | null;
}

interface Guesser {
  count: number;
  /** By host: where they guessed. */
  readonly domains: Map<string, DomainSnapshot>;
}

const MINUTE_MS = 60_000;
/** Clients counted at a time; more of them than this are let be. */
const CLIENTS_MAX = 100_000;
const DOMAINS_MAX = 100;

/**
 * A peer in these is hardly ever a visitor. It is a proxy that nobody has told us of, behind which all visitors look
 * like one.
 */
const here = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
]
  .concat(["::1", "fc00::/7", "fe80::/10"])
  .map((text) => parseNetwork(text)!);

/** @param perMinute misses a client has in a minute; 0 for no limit */
export function openMisses(perMinute: number): Misses {
  const guessers = new Map<string, Guesser>();
  let minute = -1;
  let refusing = 0;

  /** A clock that steps back begins anew too. */
  function turn(now: number): void {
    const next = Math.floor(now / MINUTE_MS);
    if (next === minute) return;
    minute = next;
    refusing = 0;
    guessers.clear();
  }

  function guesserAt(address: string): Guesser | null {
    const client = neighbourhoodOf(address);
    const known = guessers.get(client);
    if (known !== undefined) return known;
    if (guessers.size >= CLIENTS_MAX || isWithin(address, here)) return null;
    const fresh: Guesser = { count: 0, domains: new Map() };
    guessers.set(client, fresh);
    return fresh;
  }

  return {
    add(address, domain, now) {
      if (perMinute === 0) return;
      turn(now);
      const guesser = guesserAt(address);
      if (guesser === null) return;
      if (++guesser.count === perMinute) refusing++;
      if (guesser.domains.size < DOMAINS_MAX) guesser.domains.set(domain.host, domain);
    },
    refusesAny(now) {
      if (refusing > 0) turn(now);
      return refusing > 0;
    },
    refused(address, host, now) {
      turn(now);
      const guesser = guessers.get(neighbourhoodOf(address));
      return guesser !== undefined && guesser.count >= perMinute ? (guesser.domains.get(host) ?? null) : null;
    },
  };
}
