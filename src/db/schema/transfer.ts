import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const transferTables = ({ table, text, int, time, json }: Kit) => ({
  /** Files of links that were asked for. */
  exports: table("exports", {
    id: text<Id<"exp">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    jobId: text<Id<"job">>("job_id").notNull(),
    format: text<"csv" | "json" | "ndjson">("format").notNull(),
    filters: json<Readonly<Record<string, unknown>>>("filters").notNull(),
    columns: json<string[]>("columns").notNull(),
    state: text<"pending" | "completed" | "expired">("state").notNull(),
    rows: int("rows").notNull(),
    bytes: int("bytes").notNull(),
    error: text("error"),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    completedAt: time("completed_at"),
    /** When its file goes. */
    expiresAt: time("expires_at"),
  }),
});
