import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const keyTables = ({ table, text, time, json, bool, int }: Kit) => ({
  keys: table("keys", {
    id: text<Id<"key">>("id").primaryKey(),
    kind: text<"secret" | "publishable" | "extension" | "personal">("kind").notNull(),
    /** Null for an operator's key, which has installation permissions, and for personal tokens. For a test key, the test side. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    /** Whose personal token it is. */
    userId: text<Id<"usr">>("user_id"),
    name: text("name").notNull(),
    environment: text<"live" | "test">("environment").notNull(),
    /** SHA-256 of the secret, hex. The secret itself is shown once and kept nowhere. */
    hash: text("hash").notNull(),
    /** The secret before the last rotation, and until when it still works. */
    previousHash: text("previous_hash"),
    previousUntil: time("previous_until"),
    rotatedAt: time("rotated_at"),
    /** The first and last characters, by which people tell keys apart. */
    hint: text("hint").notNull(),
    permissions: json<string[]>("permissions").notNull(),
    createdBy: text("created_by").notNull(),
    /** The person whose rights bound the key for as long as it lives; null for what the operator of the machine gave. */
    makerId: text<Id<"usr">>("maker_id"),
    /** Who gave it scopes that only a person with a fresh proof gives: a person, or `operator`. Null: such scopes do not count. */
    confirmedBy: text("confirmed_by"),
    /** Which extension an extension's credential is for. */
    extensionId: text<Id<"extn">>("extension_id"),
    /** Origins of pages that may show a publishable key. */
    origins: json<string[]>("origins"),
    /** Addresses and networks it may be used from; null for all. */
    networks: json<string[]>("networks"),
    /** Name of its rate tier; null for the default. */
    tier: text("tier"),
    expiresAt: time("expires_at"),
    lastUsedAt: time("last_used_at"),
    lastUsedCountry: text("last_used_country"),
    revokedAt: time("revoked_at"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Browser extensions and apps that a workspace has registered. */
  extensions: table("extensions", {
    id: text<Id<"extn">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    name: text("name").notNull(),
    /** The id the store gave it, which its calls carry. */
    appId: text("app_id").notNull(),
    storeUrl: text("store_url"),
    enabled: bool("enabled").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Rate tiers of the operator's own; those that are built in are code. Null is no limit. */
  tiers: table("tiers", {
    name: text("name").primaryKey(),
    about: text("about").notNull(),
    perMinute: int("per_minute"),
    perHour: int("per_hour"),
    perDay: int("per_day"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Calls counted in the running windows, so that a restart forgives none. */
  rateWindows: table("rate_windows", {
    subject: text("subject").notNull(),
    seconds: int("seconds").notNull(),
    startedAt: time("started_at").notNull(),
    used: int("used").notNull(),
  }),
});
