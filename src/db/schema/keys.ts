import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const keyTables = ({ table, text, time, json }: Kit) => ({
  keys: table("keys", {
    id: text<Id<"key">>("id").primaryKey(),
    /** Null for an operator's key: it has installation permissions and no workspace. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    name: text("name").notNull(),
    environment: text<"live" | "test">("environment").notNull(),
    /** SHA-256 of the secret, hex. The secret itself is shown once and kept nowhere. */
    hash: text("hash").notNull(),
    /** The first and last characters, by which people tell keys apart. */
    hint: text("hint").notNull(),
    permissions: json<string[]>("permissions").notNull(),
    createdBy: text("created_by").notNull(),
    expiresAt: time("expires_at"),
    lastUsedAt: time("last_used_at"),
    revokedAt: time("revoked_at"),
    createdAt: time("created_at").notNull(),
  }),
});
