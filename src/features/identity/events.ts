import { Type as t } from "@sinclair/typebox";
import { defineRefusal } from "../../platform/denials.ts";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { nullable } from "../../platform/schema.ts";
import { Passkey, User } from "./model.ts";

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
/** `userId` is null where there is no such account, or nobody was named; `network` is where it was tried from. */
export const signInFailed = defineRefusal("user.sign_in_failed", {
  userId: nullable(t.String()),
  method: t.String(),
  network: nullable(t.String()),
});
/** Tried too often, and so not even looked at. `limit` says whose tries were counted: address, account, device, factor or letter. */
export const signInThrottled = defineRefusal("user.sign_in_throttled", {
  userId: nullable(t.String()),
  limit: t.String(),
  network: nullable(t.String()),
});
export const secondFactorAsked = defineEvent(
  "user.second_factor_asked",
  t.Object({ userId: t.String(), method: t.String() }),
);

export const userUpdated = defineUpdate("user.updated", User);
export const userDisabled = defineEvent("user.disabled", User);
export const userEnabled = defineEvent("user.enabled", User);
/** A challenge was drawn for a browser. */
export const challengeDrawn = defineEvent("user.challenge_drawn", t.Object({ kind: t.String() }));
/** Said of the account alone: what was asked for is in no event. */
export const letterAsked = defineEvent("user.letter_asked", t.Object({ kind: t.String() }));
/** A job has written the letter, or has found nobody to write to. */
export const letterSettled = defineEvent(
  "user.letter_settled",
  t.Object({ kind: t.String(), written: t.Boolean() }),
);
export const passwordChanged = defineEvent(
  "user.password_changed",
  t.Object({ userId: t.String(), by: t.String() }),
);
export const emailChangeAsked = defineEvent("user.email_change_asked", t.Object({ userId: t.String() }));
export const emailChangeConfirmed = defineEvent(
  "user.email_change_confirmed",
  t.Object({ userId: t.String(), side: t.String() }),
);
export const emailChanged = defineUpdate("user.email_changed", User);

const ofUser = t.Object({ userId: t.String() });
export const totpEnrolled = defineEvent("user.totp_enrolled", ofUser);
export const totpEnabled = defineEvent("user.totp_enabled", ofUser);
export const totpDisabled = defineEvent("user.totp_disabled", ofUser);
export const recoveryCodesMade = defineEvent("user.recovery_codes_made", ofUser);
export const recoveryCodeUsed = defineEvent("user.recovery_code_used", ofUser);

export const passkeyAdded = defineEvent("user.passkey_added", Passkey);
export const passkeyRemoved = defineEvent("user.passkey_removed", Passkey);
export const passkeyRenamed = defineUpdate("user.passkey_renamed", Passkey);

/** Its id alone: of who is gone nothing is told. */
export const userDeleted = defineEvent("user.deleted", t.Object({ id: t.String() }));
