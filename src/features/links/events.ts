import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { LinkCore } from "./model.ts";

export const linkCreated = defineEvent("link.created", LinkCore);
export const linkUpdated = defineUpdate("link.updated", LinkCore);
export const linkArchived = defineUpdate("link.archived", LinkCore);
export const linkUnarchived = defineUpdate("link.unarchived", LinkCore);
/** Moved to the trash. */
export const linkDeleted = defineUpdate("link.deleted", LinkCore);
export const linkRestored = defineUpdate("link.restored", LinkCore);
/** Destroyed, with its clicks. */
export const linkPurged = defineEvent("link.purged", LinkCore);
