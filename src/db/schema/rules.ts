import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const ruleTables = ({ table, text, time, bool, int, json }: Kit) => ({
  rules: table("rules", {
    id: text<Id<"rule">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    /** The link or campaign it hangs on. */
    parentId: text<Id<"link"> | Id<"camp">>("parent_id").notNull(),
    /** The same when it is a link: a rule goes with its link. */
    linkId: text<Id<"link">>("link_id"),
    /** Lower first; ids settle ties. */
    position: int("position").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    enabled: bool("enabled").notNull(),
    /** A condition tree in its normal form. */
    conditions: json<unknown>("conditions").notNull(),
    destinationUrl: text("destination_url").notNull(),
    /** What is set of the rest; null when nothing is. */
    options: json<unknown>("options"),
    /** Counts the edits, from 1. The ETag is made of it. */
    version: int("version").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  splits: table("splits", {
    /** The link or rule whose visitors are shared out. */
    parentId: text<Id<"link"> | Id<"rule">>("parent_id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    linkId: text<Id<"link">>("link_id"),
    ruleId: text<Id<"rule">>("rule_id"),
    variants: json<unknown>("variants").notNull(),
    winnerBy: text("winner_by").notNull(),
    finishesAt: time("finishes_at"),
    finishedAt: time("finished_at"),
    winnerId: text("winner_id"),
    version: int("version").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** All rules and splits of a link or campaign in one row, as the redirect reads them. Written with every change of them. */
  ruleSets: table("rule_sets", {
    parentId: text<Id<"link"> | Id<"camp">>("parent_id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    linkId: text<Id<"link">>("link_id"),
    rules: json<unknown>("rules").notNull(),
    split: json<unknown>("split"),
  }),
});
