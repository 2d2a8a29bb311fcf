import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const eventTables = ({ table, text, json, time }: Kit) => ({
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
  }),
});
