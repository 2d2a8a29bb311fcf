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
  workspaces: table("workspaces", {
    id: text<Id<"ws">>("id").primaryKey(),
    name: text("name").notNull(),
    /** Where links go that name no domain; null for the installation's own host. */
    defaultDomainId: text<Id<"dom">>("default_domain_id"),
    /** The live side, for the test side of a workspace. */
    testOf: text<Id<"ws">>("test_of"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  members: table("members", {
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    userId: text<Id<"usr">>("user_id").notNull(),
    role: text<"owner" | "admin" | "editor" | "viewer">("role").notNull(),
    createdAt: time("created_at").notNull(),
  }),
});
