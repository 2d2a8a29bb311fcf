import { hash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Tables } from "../../db/schema/tables.ts";
import { macOf, sameText } from "../../lib/secrets.ts";
import { type EventFacts, hashIn } from "../../platform/proofs.ts";

/** What stands in the chain of an event: all but its payloads, and of those the hashes. */
export const linkColumns = ({ events }: Tables) => ({
  id: events.id,
  workspaceId: events.workspaceId,
  type: events.type,
  actorKind: events.actorKind,
  actorId: events.actorId,
  keyId: events.keyId,
  requestId: events.requestId,
  subjectId: events.subjectId,
  createdAt: events.createdAt,
  dataProof: events.dataProof,
  originProof: events.originProof,
  // As they stand there, for what was tampered with may not even be JSON.
  data: sql<string>`${events.data}`,
  origin: sql<string>`${events.origin}`,
});

export interface ChainRow extends EventFacts {
  readonly originProof: string | null;
}

/** The hash of an event. Payloads are in it by their hashes, so that they can be erased and it stays. */
export const leafOf = (row: ChainRow): string =>
  hash(
    "sha256",
    JSON.stringify([
      row.id,
      row.workspaceId,
      row.type,
      row.actorKind,
      row.actorId,
      row.keyId,
      row.requestId,
      row.subjectId,
      row.createdAt,
      hashIn(row.dataProof ?? ""),
      hashIn(row.originProof ?? ""),
    ]),
    "base64url",
  );

export interface SealFacts {
  readonly sequence: number;
  readonly events: number;
  readonly entries: string;
  readonly previous: string;
  readonly createdAt: number;
}

/** Seals of the first form held events that nothing showed to be ours. */
export type SealForm = 1 | 2;

/**
 * The hash of a seal, keyed with a secret that is not in the database: who can write to that alone cannot make another
 * chain that fits.
 */
export const sealHash = (
  secret: string,
  { sequence, events, entries, previous, createdAt }: SealFacts,
  form: SealForm = 2,
): string =>
  macOf(secret, [`waypost audit seal ${form}`, sequence, previous, events, createdAt, entries].join("\n"));

/** In which form a seal was made; null when it was altered, or made with another secret. */
export const formOf = (secret: string, seal: SealFacts & { readonly hash: string }): SealForm | null =>
  ([2, 1] as const).find((form) => sameText(seal.hash, sealHash(secret, seal, form))) ?? null;

/** Behind the hash of an event that was not recorded by us, or not as it was sealed. */
const UNPROVEN = "!";

export const entryOf = (row: ChainRow, isProven: boolean): string =>
  `${row.id} ${leafOf(row)}${isProven ? "" : ` ${UNPROVEN}`}`;

export interface Entry {
  readonly leaf: string;
  readonly proven: boolean;
}

/** What a seal says of the events that it holds, by their ids. */
export const entriesIn = (entries: string): Map<string, Entry> =>
  new Map(
    entries.split("\n").map((line) => {
      const [id = "", leaf = "", mark] = line.split(" ");
      return [id, { leaf, proven: mark !== UNPROVEN }];
    }),
  );
