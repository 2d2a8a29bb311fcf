import type { DomainSnapshot } from "../redirect/snapshot.ts";
import type { Visit } from "../redirect/visit.ts";
import type { Answer, DayLedger, LinkTotals, Question } from "./store.ts";

/**
 * Clicks as the main thread knows them: it records visits into the journal and asks the click worker
 * everything else. The one port to clicks in `ctx`.
 */
export interface Clicks {
  /**
   * Writes the visit into the journal. Never throws and never blocks; a visit that could not be recorded is
   * counted as unrecorded, with its reason. Returns a promise only under `strict` durability.
   */
  record(visit: Visit): void | Promise<void>;
  /** A visit to a domain was refused on purpose: it is counted as unrecorded, and no more is kept of it. */
  throttled(domain: DomainSnapshot, at: number): void;
  /** Takes one click off a link's limit; false when none is left. Exact: it counts what the journal holds. */
  claim(linkId: string, limit: number): boolean | Promise<boolean>;
  /** Whether a link's limit is used up, taking nothing. */
  exhausted(linkId: string, limit: number): boolean | Promise<boolean>;
  /** How many human clicks a link has had, as exactly as a limit is kept. */
  used(linkId: string): number | Promise<number>;
  /** What stays the same for a browser for a day on one domain, and tells nothing about it: made with the salt of the day. */
  dailyKey(visitor: DailyVisitor): string;
  query(question: Question): Promise<Answer>;
  totals(linkIds: readonly string[]): Promise<LinkTotals[]>;
  /** Totals changed after `sequence`, for the mirror in the main database. */
  totalsSince(sequence: number, limit: number): Promise<LinkTotals[]>;
  /** The sequence the store stood at when it was opened: lower than what a mirror has seen when it was lost. */
  sequenceAtStart(): Promise<number>;
  /** What became of a workspace's visits, by day: everything that happened before the call. */
  ledger(workspaceId: string, from: number, to: number): Promise<DayLedger[]>;
  forget(what: { workspaceId: string; linkId?: string; before?: number }): Promise<void>;
  /** Resolves when every visit recorded before the call has been folded. */
  settled(): Promise<void>;
  health(): ClicksHealth;
}

export interface ClicksHealth {
  /** Visits written to the journal by this process. */
  readonly recorded: number;
  /** Visits that could not be recorded, by reason (`disk_full`, `no_segment`, `sync_failed`, `too_large`, `write_failed`, `throttled`). */
  readonly unrecorded: Readonly<Record<string, number>>;
  /** Damaged journal records set aside since the start. */
  readonly quarantined: number;
  /** Bytes of journal not yet folded, as the worker last told. */
  readonly lagBytes: number;
  readonly folded: number;
  /** A sentence for the operator when clicks are not being recorded or folded; null when all is well. */
  readonly problem: string | null;
}

/** By what a browser is known for a day. */
export interface DailyVisitor {
  readonly at: number;
  readonly domainId: string;
  readonly address: string;
  readonly userAgent: string;
}
