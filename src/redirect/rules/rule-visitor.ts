import type { Visitor } from "../visitor.ts";
import type { Window } from "./condition.ts";

/** What is known of the network an address belongs to. Null where no list says anything. */
export interface NetworkFacts {
  readonly asn: number | null;
  readonly isp: string;
  readonly datacenter: boolean | null;
  readonly vpn: boolean | null;
  readonly proxy: boolean | null;
  readonly tor: boolean | null;
}

/** A visitor as rules ask for him: beside what he shows, what is known of him here. */
export interface RuleVisitor extends Visitor {
  readonly network: NetworkFacts | null;
  /** `human`, `bot`, `preview`, `prefetch`, `monitor` … as clicks are judged. */
  readonly verdict: string;
  /** Was here before, and kept the cookie. */
  readonly isReturning: boolean;
  /** Human clicks of the link before this one; null when they are not known. */
  readonly clicks: number | null;
  /** From 0 up to 100. */
  readonly percentage: number;
  /** How often this visitor, or anybody, came to the link in the current window; this time included. */
  rate(whose: "visitor" | "link", window: Window): number;
}
