import type { Dropped, LinkTotals, Question } from "./store.ts";

/** What the journal's keeper needs to begin. */
export interface KeeperInit {
  readonly role: "keeper";
  readonly control: SharedArrayBuffer;
  /** The journal folder. */
  readonly folder: string;
  readonly installation: string;
  /** Number of the first segment to make. */
  readonly next: number;
  /** First segment of this process. Those from here to `next` were made by a keeper that died: they are looked after too. */
  readonly from: number;
  /** How long a record may wait for its sync; 0 syncs as fast as the disk allows. */
  readonly syncEveryMs: number;
  /** Tell of every sync: somebody waits for it. */
  readonly acknowledge: boolean;
}

/** What the counter (fold, totals, questions) needs to begin. */
export interface CounterInit {
  readonly role: "counter";
  readonly control: SharedArrayBuffer;
  readonly dataDir: string;
  readonly installation: string;
  readonly foldEveryMs: number;
}

/** From the main thread to the keeper. */
export type ToKeeper =
  | KeeperInit
  | { readonly kind: "wake" }
  /** A mapped segment was taken into use; one more is wanted. */
  | { readonly kind: "taken" }
  | { readonly kind: "salt"; readonly salt: Uint8Array; readonly to: number }
  /** Sync everything published, remove unused segments, answer `stopped`. */
  | { readonly kind: "stop" };

export type FromKeeper =
  | { readonly kind: "segment"; readonly number: number; readonly path: string; readonly seed: number }
  | { readonly kind: "synced"; readonly segment: number; readonly offset: number }
  /** The segment's sync failed: nothing of it beyond `offset` is known to be on disk, and never will be. */
  | {
      readonly kind: "syncFailed";
      readonly segment: number;
      readonly offset: number;
      readonly message: string;
    }
  | { readonly kind: "noSegment"; readonly code: string; readonly message: string }
  | { readonly kind: "stopped" }
  | Logged;

/** From the main thread to the counter. Every call is answered under its number. */
export type ToCounter =
  | CounterInit
  | { readonly kind: "wake" }
  | { readonly kind: "call"; readonly call: number; readonly ask: Ask };

export type Ask =
  | { readonly name: "query"; readonly question: Question }
  | { readonly name: "totals"; readonly linkIds: readonly string[] }
  | { readonly name: "totalsSince"; readonly sequence: number; readonly limit: number }
  | { readonly name: "forget"; readonly what: { workspaceId: string; linkId?: string; before?: number } }
  | { readonly name: "sequenceAtStart" }
  | { readonly name: "note"; readonly run: string; readonly dropped: readonly Dropped[] }
  | { readonly name: "ledger"; readonly workspaceId: string; readonly from: number; readonly to: number }
  | { readonly name: "settled" }
  /** Human clicks of a link, everything recorded before the call included. */
  | { readonly name: "clicksOf"; readonly linkId: string }
  /** Fold all, let go of the journal, close the store. */
  | { readonly name: "stop" };

export type FromCounter =
  /** The store is open and the journal looked through; `next` is the number for the first new segment. */
  | { readonly kind: "opened"; readonly next: number }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "answer"; readonly call: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly call: number; readonly message: string }
  | Logged;

export interface Progress {
  readonly folded: number;
  readonly quarantined: number;
  readonly lagBytes: number;
  /** Why folding does not get on; null when it does. */
  readonly problem: string | null;
}

/** A line for the main thread's log. */
export interface Logged {
  readonly kind: "log";
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type { LinkTotals };
