import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Member, Role, Transfer } from "./model.ts";

export const memberAdded = defineEvent("member.created", Member);
/** `previous.role` is what they were. */
export const memberUpdated = defineUpdate("member.updated", Member);
/** Removed by another. */
export const memberRemoved = defineEvent("member.deleted", Member);
/** Left by themselves. */
export const memberLeft = defineEvent("member.left", Member);

const RoleFacts = t.Omit(Role, ["members"]);
export const roleCreated = defineEvent("role.created", RoleFacts);
export const roleUpdated = defineUpdate("role.updated", RoleFacts);
export const roleDeleted = defineEvent("role.deleted", RoleFacts);

export const transferOffered = defineEvent("workspace.transfer_offered", Transfer);
export const transferCancelled = defineEvent("workspace.transfer_cancelled", Transfer);
export const transferred = defineEvent("workspace.transferred", Transfer);
