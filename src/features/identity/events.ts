import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { nullable } from "../../platform/schema.ts";
import { User } from "./model.ts";

export const userCreated = defineEvent("user.created", User);

// Neither addresses nor names: what is told of sign-ins outlives the account.
const ofSession = { id: t.String(), userId: t.String() };
export const sessionStarted = defineEvent(
  "session.created",
  t.Object({
    ...ofSession,
    method: t.String(),
    platform: nullable(t.String()),
    device: nullable(t.String()),
  }),
);
export const sessionRefreshed = defineEvent("session.refreshed", t.Object(ofSession));
/** A refresh token was used that had been replaced: somebody has a copy. The session has ended. */
export const refreshReused = defineEvent("session.refresh_reused", t.Object(ofSession));
export const sessionEnded = defineEvent("session.ended", t.Object({ ...ofSession, by: t.String() }));
/** A proof was given again for what is dangerous. */
export const sessionConfirmed = defineEvent(
  "session.confirmed",
  t.Object({ ...ofSession, method: t.String() }),
);
/** `userId` is null where there is no such account. */
export const signInFailed = defineEvent(
  "user.sign_in_failed",
  t.Object({ userId: nullable(t.String()), method: t.String() }),
);
export const secondFactorAsked = defineEvent(
  "user.second_factor_asked",
  t.Object({ userId: t.String(), method: t.String() }),
);
