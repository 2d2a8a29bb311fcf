import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const identityTables = ({ table, text, time, bool, int, json }: Kit) => ({
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
    /** When a letter to the address was answered; null for accounts that somebody else made. */
    emailVerifiedAt: time("email_verified_at"),
    /** BCP 47; English when null. */
    locale: text("locale"),
    /** IANA; UTC when null. */
    timeZone: text("time_zone"),
    avatarUrl: text("avatar_url"),
    notifications: json<NotificationSettings | null>("notifications"),
    /** From then on nothing of this account opens anything. */
    disabledAt: time("disabled_at"),
    /** Sealed. Null without a second factor; not in force before `totpEnabledAt`. */
    totpSecret: text("totp_secret"),
    totpEnabledAt: time("totp_enabled_at"),
    /** The last step of 30 seconds whose code was taken: no code is good twice. */
    totpLastStep: int("totp_last_step"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** Who is signed in, where, and how. The family of refresh tokens of one sign-in is its session. */
  sessions: table("sessions", {
    id: text<Id<"ses">>("id").primaryKey(),
    userId: text<Id<"usr">>("user_id").notNull(),
    kind: text<"tokens" | "cookie">("kind").notNull(),
    /** SHA-256 of the cookie's value; null for sessions of tokens. */
    secretHash: text("secret_hash"),
    method: text<SignInMethod>("method").notNull(),
    platform: text("platform"),
    device: text("device"),
    /** The cut address. */
    network: text("network"),
    userAgent: text("user_agent"),
    /** Which generation of refresh tokens is good now. */
    generation: int("generation").notNull(),
    rotatedAt: time("rotated_at").notNull(),
    /** When they last gave a password, a code or a passkey. */
    provedAt: time("proved_at").notNull(),
    usedAt: time("used_at").notNull(),
    /** However busy it is. */
    expiresAt: time("expires_at").notNull(),
    endedAt: time("ended_at"),
    endedBy: text<SessionEnd>("ended_by"),
    createdAt: time("created_at").notNull(),
  }),
  refreshTokens: table("refresh_tokens", {
    /** SHA-256 of the token. */
    hash: text("hash").primaryKey(),
    sessionId: text<Id<"ses">>("session_id").notNull(),
    generation: int("generation").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  /** Codes, links and challenges that are good once and for a while. */
  proofs: table("proofs", {
    id: text<Id<"prf">>("id").primaryKey(),
    kind: text("kind").notNull(),
    userId: text<Id<"usr">>("user_id"),
    /** Of a token or challenge: SHA-256; of a code of few digits: keyed with the installation's secret. */
    hash: text("hash"),
    data: json<Record<string, unknown>>("data").notNull(),
    tries: int("tries").notNull(),
    expiresAt: time("expires_at").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  /** How often somebody tried, so that a restart forgives nobody. */
  throttles: table("throttles", {
    /** Keyed hash of what is counted: neither addresses nor names stand here. */
    id: text("id").primaryKey(),
    tries: int("tries").notNull(),
    blockedUntil: time("blocked_until").notNull(),
    resetsAt: time("resets_at").notNull(),
  }),
  recoveryCodes: table("recovery_codes", {
    userId: text<Id<"usr">>("user_id").notNull(),
    hash: text("hash").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  passkeys: table("passkeys", {
    id: text<Id<"pk">>("id").primaryKey(),
    userId: text<Id<"usr">>("user_id").notNull(),
    /** base64url, as the browser names it. */
    credentialId: text("credential_id").notNull(),
    /** COSE, base64url. */
    publicKey: text("public_key").notNull(),
    counter: int("counter").notNull(),
    transports: json<string[]>("transports").notNull(),
    name: text("name").notNull(),
    backedUp: bool("backed_up").notNull(),
    usedAt: time("used_at"),
    createdAt: time("created_at").notNull(),
  }),
});

/** How somebody showed who they are. */
export type SignInMethod = "password" | "code" | "passkey" | "setup";
/** What ended a session before its time. */
export type SessionEnd =
  | "signed_out"
  | "ended_elsewhere"
  | "refresh_reused"
  | "password_changed"
  | "email_changed"
  | "disabled";

export interface NotificationSettings {
  /** Letters about sign-ins from devices that were not seen before. */
  readonly newSignIns: boolean;
}
