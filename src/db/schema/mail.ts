import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

export const mailTables = ({ table, text, time, int, json }: Kit) => ({
  /** Every mail that was to be sent, and what became of it: outbox and delivery log in one. */
  mails: table("mails", {
    id: text<Id<"mail">>("id").primaryKey(),
    /** Null for the installation's own. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    type: text("type").notNull(),
    /** Null for what nobody can unsubscribe. */
    topic: text("topic"),
    recipient: text("recipient").notNull(),
    recipientName: text("recipient_name"),
    /** The address as it is compared. */
    recipientKey: text("recipient_key").notNull(),
    fromName: text("from_name").notNull(),
    subject: text("subject").notNull(),
    /** Sealed (`platform/mail/body.ts`); null once it was deleted. */
    body: text("body"),
    unsubscribeUrl: text("unsubscribe_url"),
    /** The body holds a code or a link that is good until then; it is deleted by then at the latest. */
    secretUntil: time("secret_until"),
    status: text<MailStatus>("status").notNull(),
    attempts: int("attempts").notNull(),
    /** What the server said, oldest first. */
    log: json<MailAttempt[]>("log").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
    sentAt: time("sent_at"),
  }),
  /** Who is not to be written to, but for what they asked for themselves. */
  mailSuppressions: table("mail_suppressions", {
    addressKey: text("address_key").notNull(),
    /** Empty for everything. */
    topic: text("topic").notNull(),
    reason: text<SuppressionReason>("reason").notNull(),
    detail: text("detail").notNull(),
    createdAt: time("created_at").notNull(),
  }),
});

/** `waiting`: in the outbox, because no mail server is set. */
export type MailStatus = "waiting" | "queued" | "sent" | "failed" | "suppressed" | "expired";
export type SuppressionReason = "bounced" | "complained" | "unsubscribed" | "manual";
export interface MailBody {
  readonly html: string;
  readonly text: string;
}
/** One answer of the mail server, or one failure on the way to it. */
export interface MailAttempt {
  readonly at: number;
  readonly accepted: boolean;
  readonly message: string;
}
