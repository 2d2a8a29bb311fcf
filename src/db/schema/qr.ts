import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const qrTables = ({ table, text, int, time, bool, json }: Kit) => ({
  /** Looks of QR codes that a workspace has given names. */
  qrTemplates: table("qr_templates", {
    id: text<Id<"qr">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    /** Lower case, NFC: what must be unique. */
    nameKey: text("name_key").notNull(),
    /** Some of a style: what it does not name is as by default. */
    style: json<Readonly<Record<string, string | number>>>("style").notNull(),
    isDefault: bool("is_default").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Logos for the middle of QR codes: one a workspace, and one for each domain. */
  qrLogos: table("qr_logos", {
    id: text<Id<"logo">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    /** Null for the workspace's own. */
    domainId: text<Id<"dom">>("domain_id"),
    /** A PNG of 256 pixels a side at most, base64. */
    png: text("png").notNull(),
    /** SHA-256 of it, hex. */
    hash: text("hash").notNull(),
    width: int("width").notNull(),
    height: int("height").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
});
