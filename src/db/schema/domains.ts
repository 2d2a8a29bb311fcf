import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const domainTables = ({ table, text, time, bool, int }: Kit) => ({
  domains: table("domains", {
    id: text<Id<"dom">>("id").primaryKey(),
    /** Null for the installation's own host, which every workspace may use. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    /** Lower case, ASCII, no port. */
    host: text("host").notNull(),
    caseSensitive: bool("case_sensitive").notNull(),
    /** How many characters a random slug has here. */
    slugLength: int("slug_length").notNull(),
    rootUrl: text("root_url"),
    notFoundUrl: text("not_found_url"),
    expiredUrl: text("expired_url"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
});
