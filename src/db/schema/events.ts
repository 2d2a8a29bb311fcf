import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const eventTables = ({ table, text, int, json, time }: Kit) => ({
  /** Everything that happened: the audit log, the source of webhooks, and the call to caches. */
  events: table("events", {
    id: text<Id<"evt">>("id").primaryKey(),
    /** Null for what belongs to no workspace: accounts, the installation. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    type: text("type").notNull(),
    actorKind: text<"user" | "key" | "job" | "system">("actor_kind").notNull(),
    actorId: text("actor_id").notNull(),
    subjectId: text("subject_id").notNull(),
    data: json<unknown>("data").notNull(),
    /** Request id, cut address and user agent of whoever asked. */
    origin: json<{ requestId: string | null; network: string | null; userAgent: string | null }>(
      "origin",
    ).notNull(),
    createdAt: time("created_at").notNull(),
    /** The key the request came with, whoever was behind it. */
    keyId: text<Id<"key">>("key_id"),
    /** The one in `origin`, where it can be looked for. */
    requestId: text("request_id"),
    /** Salt and hash of `data`, of which the chain of seals is made; without its salt once `data` was erased. */
    dataProof: text("data_proof"),
    /** The same of `origin`. */
    originProof: text("origin_proof"),
    /** Which seal holds it; null until the next one. */
    seal: int("seal"),
  }),
  /** The chain over the audit log: what stands in it cannot be changed unseen. */
  auditSeals: table("audit_seals", {
    /** From 1, without gaps. */
    sequence: int("sequence").primaryKey(),
    /** How many it holds. */
    events: int("events").notNull(),
    /** A line for each: id and hash. */
    entries: text("entries").notNull(),
    /** The hash of the seal before; empty in the first. */
    previous: text("previous").notNull(),
    hash: text("hash").notNull(),
    createdAt: time("created_at").notNull(),
  }),
});
