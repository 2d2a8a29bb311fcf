import type { Kit } from "../kit.ts";

export const installationTables = ({ table, text, int, time }: Kit) => ({
  /** One row, id 1: what the installation knows of itself. */
  installation: table("installation", {
    id: int("id").primaryKey(),
    /** Told apart from every other installation: in journal segments and backups. */
    installationId: text("installation_id").notNull(),
    /** Null until the first workspace exists; from then on setup is never offered again. */
    setUpAt: time("set_up_at"),
    /** Origin of the admin page and the API, fixed by setup when the configuration names none. */
    baseUrl: text("base_url"),
    createdAt: time("created_at").notNull(),
  }),
  /** The keys that anything here was ever sealed with: a start with another key ring is told from them. */
  sealingKeys: table("sealing_keys", {
    id: text("id").primaryKey(),
    /** A known text, sealed with it. */
    proof: text("proof").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  /** Answers to POSTs that carried an Idempotency-Key, written with the change they belong to. */
  idempotency: table("idempotency", {
    /** SHA-256 of actor and key. */
    id: text("id").primaryKey(),
    requestHash: text("request_hash").notNull(),
    status: int("status").notNull(),
    /** The whole answer, as it went out. */
    body: text("body").notNull(),
    createdAt: time("created_at").notNull(),
    expiresAt: time("expires_at").notNull(),
  }),
});
