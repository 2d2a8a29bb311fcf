import { hash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Tables } from "../../db/schema/tables.ts";
import { macOf } from "../../lib/secrets.ts";
import { hashIn } from "../../platform/proofs.ts";

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

export interface ChainRow {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly type: string;
  readonly actorKind: string;
  readonly actorId: string;
  readonly keyId: string | null;
  readonly requestId: string | null;
  readonly subjectId: string;
  readonly createdAt: number;
  readonly dataProof: string | null;
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

/**
 * The hash of a seal, keyed with a secret that is not in the database: who can write to that alone cannot make another
 * chain that fits.
 */
export const sealHash = (
  secret: string,
  { sequence, events, entries, previous, createdAt }: SealFacts,
): string =>
  macOf(secret, ["waypost audit seal 1", sequence, previous, events, createdAt, entries].join("\n"));

export const entryOf = (row: ChainRow): string => `${row.id} ${leafOf(row)}`;

/** Ids and hashes of what a seal holds. */
export const entriesIn = (entries: string): Map<string, string> =>
  new Map(
    entries.split("\n").map((line) => {
      const [id = "", leaf = ""] = line.split(" ");
      return [id, leaf];
    }),
  );
