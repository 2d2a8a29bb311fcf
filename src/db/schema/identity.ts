import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const identityTables = ({ table, text, time, bool }: Kit) => ({
  users: table("users", {
    id: text<Id<"usr">>("id").primaryKey(),
    email: text("email").notNull(),
    /** Lower case, NFC: what must be unique. */
    emailKey: text("email_key").notNull(),
    /** Argon2id in PHC form; null for people who never had a password. */
    passwordHash: text("password_hash"),
    firstName: text("first_name"),
    lastName: text("last_name"),
    /** Runs the installation. Not a workspace role, and no workspace role implies it. */
    operator: bool("operator").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
});
