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
  imports: table("imports", {
    id: text<Id<"imp">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    jobId: text<Id<"job">>("job_id").notNull(),
    /** SHA-256 of the unpacked file, hex. */
    fileHash: text("file_hash").notNull(),
    bytes: int("bytes").notNull(),
    format: text<"csv" | "json" | "ndjson">("format").notNull(),
    options: json<Readonly<Record<string, unknown>>>("options").notNull(),
    state: text<"pending" | "processing" | "completed" | "failed" | "cancelled" | "undoing" | "undone">(
      "state",
    ).notNull(),
    rowsRead: int("rows_read").notNull(),
    rowsMade: int("rows_made").notNull(),
    rowsChanged: int("rows_changed").notNull(),
    rowsSkipped: int("rows_skipped").notNull(),
    rowsRefused: int("rows_refused").notNull(),
    /** Links that were taken back. */
    undone: int("undone").notNull(),
    error: text("error"),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    endedAt: time("ended_at"),
  }),
  importLinks: table("import_links", {
    importId: text<Id<"imp">>("import_id").notNull(),
    linkId: text<Id<"link">>("link_id").notNull(),
    /** The row of a link that was there before, as JSON; null for one that was made. */
    before: text("before"),
  }),
  importProblems: table("import_problems", {
    importId: text<Id<"imp">>("import_id").notNull(),
    /** From 1, the head of a table not counted. */
    row: int("row").notNull(),
    code: text("code").notNull(),
    path: text("path").notNull(),
    message: text("message").notNull(),
  }),
});
