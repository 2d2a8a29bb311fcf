import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const organiseTables = ({ table, text, time, bool, int, json }: Kit) => ({
  tags: table("tags", {
    id: text<Id<"tag">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    /** Lower case, NFC: what must be unique. That of a tag which is going away is its id. */
    nameKey: text("name_key").notNull(),
    color: text<TagColor>("color").notNull(),
    /** The tag it was merged into. Links are told by a job; until then they are shown with that one. */
    mergedInto: text<Id<"tag">>("merged_into"),
    /** Since then it is shown nowhere, and its row waits for the job to end. */
    goneAt: time("gone_at"),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  folders: table("folders", {
    id: text<Id<"fold">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    /** Null at the top. */
    parentId: text<Id<"fold">>("parent_id"),
    name: text("name").notNull(),
    /** Unique among those beside it. */
    nameKey: text("name_key").notNull(),
    /** What members may do who are not named; null for what they may do in the folder above. */
    access: text<FolderAccess>("access"),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** What a member may do in a folder, other than the rest. */
  folderMembers: table("folder_members", {
    folderId: text<Id<"fold">>("folder_id").notNull(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    userId: text<Id<"usr">>("user_id").notNull(),
    access: text<FolderAccess>("access").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  campaigns: table("campaigns", {
    id: text<Id<"camp">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    nameKey: text("name_key").notNull(),
    description: text("description"),
    status: text<CampaignStatus>("status").notNull(),
    costModel: text<CostModel>("cost_model"),
    /** Millionths of the currency, as all amounts here. */
    costAmount: int("cost_amount"),
    /** ISO 4217. */
    currency: text("currency"),
    dailyBudget: int("daily_budget"),
    totalBudget: int("total_budget"),
    /** Per cent of a budget, ascending. */
    thresholds: json<number[]>("thresholds").notNull(),
    goals: json<CampaignGoal[]>("goals").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  utmTemplates: table("utm_templates", {
    id: text<Id<"utm">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    nameKey: text("name_key").notNull(),
    source: text("source"),
    medium: text("medium"),
    campaign: text("campaign"),
    term: text("term"),
    content: text("content"),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Lists of links as somebody likes to see them. */
  views: table("views", {
    id: text<Id<"view">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    /** A person, or the key that made it. */
    ownerId: text("owner_id").notNull(),
    name: text("name").notNull(),
    nameKey: text("name_key").notNull(),
    shared: bool("shared").notNull(),
    /** Filters and sort, as the query of the list has them. */
    query: json<Readonly<Record<string, unknown>>>("query").notNull(),
    columns: json<string[]>("columns").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
});

export type TagColor = "gray" | "red" | "orange" | "yellow" | "green" | "blue" | "purple" | "pink";
export type FolderAccess = "write" | "read" | "none";
export type CampaignStatus = "active" | "paused" | "archived";
export type CostModel = "cpc" | "cpm" | "cpa" | "revshare" | "flat";
export interface CampaignGoal {
  readonly name: string;
  readonly metric: "clicks" | "uniqueClicks" | "leads" | "sales" | "revenue";
  /** How many, or millionths of the currency. */
  readonly target: number;
}
