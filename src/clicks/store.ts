import type { Click } from "./click.ts";

/** How far the journal has been folded: everything before this place is in the store. */
export interface JournalPosition {
  /** Number of the segment file, from 1. 0 in a store that has seen no journal. */
  readonly segment: number;
  /** Byte offset in it. 0: nothing of it is folded, and it may not exist yet. */
  readonly offset: number;
}

/** What clicks can be filtered and grouped by. */
export const dimensions = [
  "link",
  "domain",
  "outcome",
  "verdict",
  "reason",
  "trigger",
  "referrer",
  "referrerUrl",
  "device",
  "browser",
  "browserVersion",
  "os",
  "osVersion",
  "engine",
  "language",
  "utmSource",
  "utmMedium",
  "utmCampaign",
  "utmTerm",
  "utmContent",
  "rule",
  "variant",
] as const;
export type Dimension = (typeof dimensions)[number];

export const granularities = ["hour", "day", "month"] as const;
export type Granularity = (typeof granularities)[number];

/**
 * A question is data: a new chart is a new question and no new code. Times are milliseconds since 1970,
 * `from` included, `to` not.
 */
export interface Question {
  readonly workspaceId: string;
  readonly from: number;
  readonly to: number;
  /** IANA name; buckets of `granularity` begin at its local midnights and hours. */
  readonly timezone: string;
  readonly where: Partial<Readonly<Record<Dimension, readonly string[]>>>;
  /** Clicks of these links are not counted: whoever asks may not know of them. */
  readonly withoutLinks?: readonly string[];
  /** Group by time, zero-filled; the answer's rows are then in time order. */
  readonly granularity?: Granularity;
  /** Group by a dimension; rows are then ordered by `orderBy`, largest first. */
  readonly groupBy?: Dimension;
  readonly orderBy?: "clicks" | "uniqueClicks" | "botClicks" | "all";
  /** What is to be counted; the others may be 0. Distinct visitors cost more than all else together. */
  readonly measures?: readonly (keyof Counts)[];
  /** Most rows in the answer, time buckets included. */
  readonly limit: number;
}

/**
 * `clicks`: human, with a counted outcome. `uniqueClicks`: distinct visitors per UTC day among them, summed
 * over days. `botClicks`: bot verdicts with a counted outcome. `all`: every row, whatever its outcome.
 */
export interface Counts {
  readonly clicks: number;
  readonly uniqueClicks: number;
  readonly botClicks: number;
  readonly all: number;
}

export interface AnswerRow extends Counts {
  /** Start of the time bucket, or the value of `groupBy`; null for the one row of an ungrouped question. */
  readonly group: number | string | null;
}

export interface Answer {
  readonly rows: readonly AnswerRow[];
  /** False when uniques were estimated. */
  readonly exact: boolean;
  /** Some clicks of that time are damaged on disk, and missing in the numbers. */
  readonly partial?: true;
}

/** Counts of one link over all time, kept in the same transaction as its clicks. */
export interface LinkTotals {
  readonly linkId: string;
  readonly workspaceId: string;
  readonly clicks: number;
  readonly uniqueClicks: number;
  readonly botClicks: number;
  /** Time of the last human click with a counted outcome; null before the first. */
  readonly lastClickedAt: number | null;
  /** Grows with every change of any total; whoever mirrors totals remembers the highest it has seen. */
  readonly sequence: number;
}

/** Visits of one day that this run of the program could not record, and why. */
export interface Dropped {
  /** Empty for domains without a workspace. */
  readonly workspaceId: string;
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly reason: string;
  readonly count: number;
}

/** What became of the visits of a workspace on one day. Recorded and all unrecorded together are all there were. */
export interface DayLedger {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** Folded into the store, whatever was forgotten of them since. */
  readonly recorded: number;
  /** By reason. */
  readonly unrecorded: Readonly<Record<string, number>>;
}

/**
 * Where clicks are kept and counted. Implementations are held to the same answers by
 * `test/contracts/click-store.ts`. Only the click worker calls it.
 */
export interface ClickStore {
  /**
   * Keeps clicks, what the ledger says of them and the journal position they reach in one transaction. A position not beyond the stored
   * one changes nothing, so a batch may be handed over twice.
   */
  append(clicks: readonly Click[], upTo: JournalPosition): Promise<void>;
  position(): Promise<JournalPosition>;
  query(question: Question): Promise<Answer>;
  /** Totals of the links named; links without clicks are left out. */
  totals(linkIds: readonly string[]): Promise<LinkTotals[]>;
  /** The highest sequence given out so far. */
  sequence(): Promise<number>;
  /** Totals that changed after `sequence`, in its order, at most `limit`. */
  totalsSince(sequence: number, limit: number): Promise<LinkTotals[]>;
  /**
   * Writes into the ledger what `run` (a name for one life of the program) could not record so far. Counts are
   * absolute and only grow, so being told twice changes nothing.
   */
  note(run: string, dropped: readonly Dropped[]): Promise<void>;
  /** The ledger of a workspace from `from` up to `to`, in milliseconds since 1970; days without a visit are left out. */
  ledger(workspaceId: string, from: number, to: number): Promise<DayLedger[]>;
  /** Forgets the clicks of a link, or of a workspace before a time, totals included. */
  forget(what: { workspaceId: string; linkId?: string; before?: number }): Promise<void>;
  /** Resolves when what was appended can be asked for; tests wait here. */
  settled(): Promise<void>;
  /** Resolves when everything appended survives a power cut. Only then may the journal let go of it. */
  durable(): Promise<void>;
  close(): Promise<void>;
}
