import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const workspaceTables = ({ table, text, time, json }: Kit) => ({
  workspaces: table("workspaces", {
    id: text<Id<"ws">>("id").primaryKey(),
    name: text("name").notNull(),
    /** Where links go that name no domain; null for the installation's own host. */
    defaultDomainId: text<Id<"dom">>("default_domain_id"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
    /** Unique in the installation; test sides and personal workspaces have none. */
    slug: text("slug"),
    /** The workspace whose test side this is. Members, roles and settings are those of the live side. */
    testOf: text<Id<"ws">>("test_of"),
    /** Whose personal workspace this is. */
    personalOf: text<Id<"usr">>("personal_of"),
    /** IANA. */
    timeZone: text("time_zone").notNull().default("UTC"),
    /** BCP 47. */
    locale: text("locale").notNull().default("en"),
    brand: json<WorkspaceBrand>("brand").notNull().default({}),
    linkDefaults: json<LinkDefaults>("link_defaults").notNull().default({}),
    /** Whoever made it; null for what is older than this column. */
    createdBy: text("created_by"),
    /** Since then it answers nothing; it can be restored until `purgeAt`. */
    deletedAt: time("deleted_at"),
    purgeAt: time("purge_at"),
  }),
  members: table("members", {
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    userId: text<Id<"usr">>("user_id").notNull(),
    role: text<RoleName>("role").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  /** Roles that a workspace has made itself. */
  roles: table("roles", {
    id: text<Id<"role">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    /** Lower case, NFC: what must be unique. */
    nameKey: text("name_key").notNull(),
    permissions: json<string[]>("permissions").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  invites: table("invites", {
    id: text<Id<"inv">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    email: text("email").notNull(),
    /** The address as it is compared. */
    emailKey: text("email_key").notNull(),
    role: text<RoleName>("role").notNull(),
    /** SHA-256 of the token in the last mail, hex. */
    tokenHash: text("token_hash").notNull(),
    invitedBy: text("invited_by").notNull(),
    createdAt: time("created_at").notNull(),
    sentAt: time("sent_at").notNull(),
    expiresAt: time("expires_at").notNull(),
    endedAt: time("ended_at"),
    endedAs: text<"accepted" | "declined" | "revoked">("ended_as"),
    acceptedBy: text<Id<"usr">>("accepted_by"),
  }),
  /** Ownership that was offered and not yet accepted: one offer a workspace. */
  transfers: table("transfers", {
    workspaceId: text<Id<"ws">>("workspace_id").primaryKey(),
    fromUserId: text<Id<"usr">>("from_user_id").notNull(),
    toUserId: text<Id<"usr">>("to_user_id").notNull(),
    createdAt: time("created_at").notNull(),
    expiresAt: time("expires_at").notNull(),
  }),
});

/** A role that every workspace has, or one of its own. */
export type RoleName = "owner" | "admin" | "editor" | "viewer" | Id<"role">;

/** What a workspace shows of itself; what is left out is the installation's. */
export interface WorkspaceBrand {
  readonly name?: string | null;
  readonly logoUrl?: string | null;
  readonly website?: string | null;
  /** `#rrggbb` */
  readonly color?: string | null;
}

/** What a new link has when nothing is said. */
export interface LinkDefaults {
  readonly redirectStatus?: 301 | 302 | 307 | 308 | null;
  readonly forwardQuery?: boolean | null;
}
