import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Invite } from "./model.ts";

export const inviteCreated = defineEvent("invite.created", Invite);
/** With a new token: the one that was mailed before opens nothing any more. */
export const inviteResent = defineUpdate("invite.resent", Invite);
export const inviteRevoked = defineUpdate("invite.revoked", Invite);
export const inviteAccepted = defineUpdate("invite.accepted", Invite);
export const inviteDeclined = defineUpdate("invite.declined", Invite);
