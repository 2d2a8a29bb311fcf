import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";

/** Somebody's data is to be taken out of the log. */
export const erasureAsked = defineEvent("audit.erasure_asked", t.Object({ subject: t.String() }));
/** These events hold no data of them any more. An erased event that none of these names was tampered with. */
export const auditErased = defineEvent(
  "audit.erased",
  t.Object({ subject: t.String(), events: t.Array(t.String()) }),
);
