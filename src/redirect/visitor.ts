import { isOptedOut, purposeOf } from "./reading.ts";
import type { Window } from "./rules/condition.ts";
import { stickyNumber } from "./rules/sticky.ts";
import type { Method } from "./visit.ts";

/** What a user agent says of the machine behind it, and who we take it for. Unknown texts are empty. */
export interface VisitorAgent {
  /** desktop, mobile, tablet, tv, or empty. */
  readonly device: string;
  /** Who made it: `Apple`. */
  readonly brand: string;
  readonly browser: string;
  readonly browserVersion: string;
  readonly os: string;
  readonly osVersion: string;
  readonly engine: string;
  /** `human`, `bot`, `preview` … as the counting of clicks judges this user agent. */
  readonly verdict: string;
}

/** Where an address is, as far as a database knows. Unknown texts are empty, unknown numbers null. */
export interface VisitorPlace {
  /** ISO 3166-1, upper case: `DE`. */
  readonly country: string;
  /** ISO 3166-2 without the country: `BY`. */
  readonly region: string;
  readonly city: string;
  /** AF, AN, AS, EU, NA, OC, SA. */
  readonly continent: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** IANA: `Europe/Berlin`. */
  readonly timeZone: string;
}

/** What is known of the network an address belongs to. Null where no list says anything. */
export interface VisitorNetwork {
  readonly asn: number | null;
  readonly isp: string;
  readonly datacenter: boolean | null;
  readonly vpn: boolean | null;
  readonly proxy: boolean | null;
  readonly tor: boolean | null;
}

/** What is asked of others about a visitor, each only when something hangs on it. */
export interface VisitorPorts {
  agent(userAgent: string): VisitorAgent;
  /** Null while no database of places is there, and for addresses it does not know. */
  locate(address: string): VisitorPlace | null;
  /** Null while no lists of networks are there, and for addresses they do not know. */
  network(address: string): VisitorNetwork | null;
  /** `human`, `bot`, `prefetch` …: the same judgement clicks are counted by. */
  judge(visitor: Visitor): string;
  /** What stays the same for this browser for a day: 22 characters of base64url, made with the salt of the day. */
  dailyKey(visitor: Visitor): string;
}

/** A request, as far as where it leads may hang on it. */
export interface VisitorFacts {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly method: Method;
  /** The whole URL that was asked for. */
  readonly url: string;
  /** What stands behind its `?`, raw. */
  readonly query: string;
  readonly headers: Pick<Headers, "get">;
  /** The whole client address; asked for when it is needed. */
  address(): string;
  readonly domainId: string;
  readonly linkId: string;
  /** Human clicks of the link before this one; null when nothing hangs on them. */
  readonly clicks?: number | null;
  /** How often this visitor, or anybody, came in the window that lasts, this time included; null when nothing hangs on it. */
  rate?(whose: "visitor" | "link", window: Window): number | null;
}

/** A language a browser asks for, and how much (0 to 1). */
export interface Wish {
  /** Lower case: `de-at`. */
  readonly tag: string;
  readonly quality: number;
}

/**
 * Whoever asks for a link that looks at its visitors. It is made for those links alone, and each part of it is read
 * when it is first asked for: most rules look at one or two things.
 */
export class Visitor {
  readonly at: number;
  readonly method: Method;
  readonly url: string;
  readonly query: string;
  readonly #facts: VisitorFacts;
  readonly #ports: VisitorPorts;
  #address: string | null = null;
  #agent: VisitorAgent | null = null;
  #place: VisitorPlace | null | undefined;
  #parameters: URLSearchParams | null = null;
  #languages: readonly Wish[] | null = null;
  #cookies: ReadonlyMap<string, string> | null = null;

  #network: VisitorNetwork | null | undefined;
  #verdict: string | null = null;
  #key: string | null = null;
  #keptKey: string | null | undefined;
  #optedOut: boolean | null = null;
  #userAgent: string | null = null;

  constructor(facts: VisitorFacts, ports: VisitorPorts) {
    this.at = facts.at;
    this.method = facts.method;
    this.url = facts.url;
    this.query = facts.query;
    this.#facts = facts;
    this.#ports = ports;
  }

  get address(): string {
    this.#address ??= this.#facts.address();
    return this.#address;
  }

  get userAgent(): string {
    this.#userAgent ??= this.header("user-agent");
    return this.#userAgent;
  }

  get agent(): VisitorAgent {
    this.#agent ??= this.#ports.agent(this.userAgent);
    return this.#agent;
  }

  get place(): VisitorPlace | null {
    if (this.#place === undefined) this.#place = this.#ports.locate(this.address);
    return this.#place;
  }

  get network(): VisitorNetwork | null {
    if (this.#network === undefined) this.#network = this.#ports.network(this.address);
    return this.#network;
  }

  get verdict(): string {
    this.#verdict ??= this.#ports.judge(this);
    return this.#verdict;
  }

  /** `Sec-Purpose` and its elder kin. */
  get purpose(): string {
    return purposeOf(this.#facts.headers);
  }

  get optedOut(): boolean {
    this.#optedOut ??= isOptedOut(this.#facts.headers);
    return this.#optedOut;
  }

  get domainId(): string {
    return this.#facts.domainId;
  }

  get linkId(): string {
    return this.#facts.linkId;
  }

  /** What a cookie of ours has kept of an earlier visit. Of those who opted out nothing is read. */
  get keptKey(): string | null {
    if (this.#keptKey === undefined) {
      const kept = this.optedOut ? null : this.cookie(KEY_COOKIE);
      this.#keptKey = kept !== null && KEY.test(kept) ? kept : null;
    }
    return this.#keptKey;
  }

  /** What stays the same for this visitor: for as long as the cookie is kept, else for a day. */
  get key(): string {
    this.#key ??= this.keptKey ?? this.#ports.dailyKey(this);
    return this.#key;
  }

  /** From 0 up to 100, always the same for this visitor and link. */
  get percentage(): number {
    return stickyNumber(this.key, this.linkId) * 100;
  }

  get clicks(): number | null {
    return this.#facts.clicks ?? null;
  }

  rate(whose: "visitor" | "link", window: Window): number | null {
    return this.#facts.rate?.(whose, window) ?? null;
  }

  get parameters(): URLSearchParams {
    this.#parameters ??= new URLSearchParams(this.query);
    return this.#parameters;
  }

  /** The best first, as RFC 9110 (12.5.4) weighs them. */
  get languages(): readonly Wish[] {
    this.#languages ??= wishesOf(this.header("accept-language"));
    return this.#languages;
  }

  /** Empty when it was not sent. `name` in lower case. */
  header(name: string): string {
    return this.#facts.headers.get(name) ?? "";
  }

  /** Null when it was not sent. Of two with one name the first counts, which has the narrower path. */
  cookie(name: string): string | null {
    this.#cookies ??= cookiesOf(this.header("cookie"));
    return this.#cookies.get(name) ?? null;
  }
}

/** Set for links that must know a visitor again, and for no others. */
export const KEY_COOKIE = "waypost_visitor";
const KEY = /^[A-Za-z0-9_-]{22}$/;
const WISHES_MAX = 50;

function wishesOf(header: string): readonly Wish[] {
  return header
    .split(",", WISHES_MAX)
    .flatMap((part) => {
      const match =
        /^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/.exec(part);
      const quality = Math.min(1, Number(match?.[2] ?? 1));
      return match && quality > 0 ? [{ tag: match[1]!.toLowerCase(), quality }] : [];
    })
    .sort((a, b) => b.quality - a.quality);
}

function cookiesOf(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    const name = part.slice(0, at).trim();
    if (name !== "" && at > 0 && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}
