import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Domain } from "./model.ts";

export const domainCreated = defineEvent("domain.created", Domain);
export const domainUpdated = defineUpdate("domain.updated", Domain);
export const domainDeleted = defineEvent("domain.deleted", Domain);
export const domainArchived = defineUpdate("domain.archived", Domain);
export const domainUnarchived = defineUpdate("domain.unarchived", Domain);
