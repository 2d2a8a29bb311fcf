import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../events.ts";

// Addresses stay out: what happened is kept longer than who was written to.
const told = { id: t.String(), type: t.String() };

export const mailQueued = defineEvent("mail.queued", t.Object(told));
export const mailSent = defineEvent("mail.sent", t.Object(told));
/** Not taken this time; it is tried again. */
export const mailDeferred = defineEvent("mail.deferred", t.Object({ ...told, message: t.String() }));
export const mailFailed = defineEvent("mail.failed", t.Object({ ...told, message: t.String() }));
/** Not sent, because the reader wants none of it, or nobody reads there. */
export const mailSuppressed = defineEvent("mail.suppressed", t.Object({ ...told, reason: t.String() }));
export const mailExpired = defineEvent("mail.expired", t.Object(told));

export const suppressionAdded = defineEvent(
  "mail_suppression.created",
  t.Object({ topic: t.String(), reason: t.String() }),
);
export const suppressionRemoved = defineEvent(
  "mail_suppression.deleted",
  t.Object({ topic: t.String(), reason: t.String() }),
);
