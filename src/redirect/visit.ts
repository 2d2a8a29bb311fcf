import type { DomainSnapshot, LinkSnapshot } from "./snapshot.ts";

/**
 * What became of a request for a short link. The place in this list is the code in the click journal:
 * append, never reorder.
 */
export const outcomes = [
  "redirected",
  "interstitial",
  "deep_link",
  "tracked",
  "preview_page",
  "password_asked",
  "expired",
  "limit_reached",
  "disabled",
  "quarantined",
  "not_found",
] as const;
export type Outcome = (typeof outcomes)[number];

/** Outcomes that count: a visitor was served. All others are kept and shown apart. */
export const countedOutcomes: ReadonlySet<Outcome> = new Set([
  "redirected",
  "interstitial",
  "deep_link",
  "tracked",
]);

/** What brought the visitor. Codes in the journal: append, never reorder. */
export const triggers = ["link", "qr", "deep_link", "api", "pixel"] as const;
export type Trigger = (typeof triggers)[number];

/** Request methods in the journal: append, never reorder. */
export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type Method = (typeof methods)[number];

/**
 * One request for a short link, as the redirect saw it: raw header texts, nothing parsed, so that the
 * visitor pays nothing for analysis. Absent headers are empty strings.
 */
export interface Visit {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly domain: DomainSnapshot;
  /** Null for `not_found`. */
  readonly link: LinkSnapshot | null;
  readonly outcome: Outcome;
  readonly trigger: Trigger;
  readonly method: Method;
  /** The whole client address. It is hashed and cut by the journal, never written. */
  readonly address: string;
  readonly userAgent: string;
  readonly referrer: string;
  readonly language: string;
  /** `Sec-Purpose`, `Purpose`, `X-Purpose` or `X-Moz`, whichever was sent. */
  readonly purpose: string;
  /** The visitor's query string without `?`. */
  readonly query: string;
  /** `Sec-GPC: 1` or `DNT: 1`: counted without a visitor id. */
  readonly optedOut: boolean;
  /** The rule that chose the destination, and the variant of a split; empty when none did. */
  readonly ruleId: string;
  readonly variantId: string;
}
