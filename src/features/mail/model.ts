import { Type as t } from "@sinclair/typebox";
import type { Context } from "../../platform/context.ts";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { Email } from "../identity/model.ts";

export const MailStatusWord = oneOf(["waiting", "queued", "sent", "failed", "suppressed", "expired"]);

const fields = {
  id: t.String({ examples: ["mail_01jd0000000000000000000000"] }),
  workspaceId: nullable(t.String()),
  type: t.String({ examples: ["mail.test"] }),
  to: t.String(),
  subject: t.String(),
  status: MailStatusWord,
  attempts: t.Integer(),
  createdAt: Time,
  sentAt: nullable(Time),
};
export const MailItem = t.Object(fields, { $id: "MailItem" });
export type MailItem = typeof MailItem.static;

export const Mail = t.Object(
  {
    ...fields,
    log: t.Array(t.Object({ at: Time, accepted: t.Boolean(), message: t.String() }), {
      description: "What the mail server said to each attempt, oldest first; for operators, else empty.",
    }),
    body: nullable(
      t.Object(
        { html: t.String(), text: t.String() },
        {
          description: "For the operator, while no mail server is set; deleted when what it opens is closed.",
        },
      ),
    ),
  },
  { $id: "Mail" },
);
export type Mail = typeof Mail.static;

export const TestMail = strict({ to: Email });
export type TestMail = typeof TestMail.static;

const Topic = t.String({
  maxLength: 100,
  pattern: "^[a-z-]*$",
  description: "What is not sent: one topic, or everything that can be unsubscribed when empty.",
});
export const NewSuppression = strict({
  address: Email,
  topic: t.Optional(Topic),
  reason: t.Optional(oneOf(["bounced", "complained", "manual"])),
  detail: t.Optional(t.String({ maxLength: 500 })),
});
export type NewSuppression = typeof NewSuppression.static;

export const Suppression = t.Object(
  {
    address: t.String(),
    topic: t.String(),
    reason: oneOf(["bounced", "complained", "unsubscribed", "manual"]),
    detail: t.String(),
    createdAt: Time,
  },
  { $id: "Suppression" },
);
export type Suppression = typeof Suppression.static;

type MailRow = Context["db"]["tables"]["mails"]["$inferSelect"];

export const toMailItem = (
  row: Pick<
    MailRow,
    "id" | "workspaceId" | "type" | "recipient" | "subject" | "status" | "attempts" | "createdAt" | "sentAt"
  >,
): MailItem => ({
  id: row.id,
  workspaceId: row.workspaceId,
  type: row.type,
  to: row.recipient,
  subject: row.subject,
  status: row.status,
  attempts: row.attempts,
  createdAt: isoOf(row.createdAt),
  sentAt: isoOrNull(row.sentAt),
});

/** @param shows what the caller may see beside the status; `body` is null for everybody but who may read it */
export const toMail = (
  row: MailRow,
  shows: { readonly log: boolean; readonly body: Mail["body"] },
): Mail => ({
  ...toMailItem(row),
  log: shows.log ? row.log.map(({ at, accepted, message }) => ({ at: isoOf(at), accepted, message })) : [],
  body: shows.body,
});
