import { defineEvent } from "../../platform/events.ts";
import { Invite } from "./model.ts";

export const inviteCreated = defineEvent("invite.created", Invite);
/** With a new token: the one that was mailed before opens nothing any more. */
export const inviteResent = defineEvent("invite.resent", Invite);
export const inviteRevoked = defineEvent("invite.revoked", Invite);
export const inviteAccepted = defineEvent("invite.accepted", Invite);
export const inviteDeclined = defineEvent("invite.declined", Invite);
