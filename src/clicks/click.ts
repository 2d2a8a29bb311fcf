import type { Outcome, Trigger } from "../redirect/visit.ts";

/** Who asked, as far as a request can show it. Codes in the store: append, never reorder. */
export const verdicts = [
  "human",
  "repeat",
  "own",
  "bot",
  "preview",
  "prefetch",
  "monitor",
  "scanner",
  "datacenter",
] as const;
export type Verdict = (typeof verdicts)[number];

/** Verdicts that make up `botClicks`. `repeat` and `own` are in neither number. */
export const botVerdicts: ReadonlySet<Verdict> = new Set([
  "bot",
  "preview",
  "prefetch",
  "monitor",
  "scanner",
  "datacenter",
]);

/** A click after enrichment: what the store keeps. Unknown texts are empty strings. */
export interface Click {
  /** `clk_` + 26 digits; sorts by time. */
  readonly id: string;
  readonly at: number;
  readonly workspaceId: string;
  readonly domainId: string;
  /** Empty when no link was found. */
  readonly linkId: string;
  readonly linkVersion: number;
  readonly outcome: Outcome;
  readonly trigger: Trigger;
  readonly ruleId: string;
  readonly variantId: string;
  readonly verdict: Verdict;
  /** Why the verdict: `method:HEAD`, `purpose:prefetch`, `agent:Googlebot`, `agent:empty` … Empty for human. */
  readonly reason: string;
  /** 64 bits of a daily-salted hash; 0n when the visitor opted out. */
  readonly visitor: bigint;
  /** `192.0.2.0/24` or `2001:db8::/48`: never longer. Empty when unknown. */
  readonly network: string;
  readonly referrerHost: string;
  readonly referrerUrl: string;
  /** desktop, mobile, tablet, tv, or empty. */
  readonly device: string;
  readonly browser: string;
  readonly browserVersion: string;
  readonly os: string;
  readonly osVersion: string;
  readonly engine: string;
  /** Primary subtag of Accept-Language, lower case: `de`. */
  readonly language: string;
  readonly utmSource: string;
  readonly utmMedium: string;
  readonly utmCampaign: string;
  readonly utmTerm: string;
  readonly utmContent: string;
  /**
   * Objects by which a store may know again, without looking at the texts, what agent, referrer and campaign of a click
   * say: two clicks with the same one say the same. Absent where there is none to be had.
   */
  readonly agentKey?: object;
  readonly referrerKey?: object;
  readonly campaignKey?: object;
}
