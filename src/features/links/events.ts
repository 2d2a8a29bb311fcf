import { defineEvent } from "../../platform/events.ts";
import { LinkChange, LinkCore } from "./model.ts";

export const linkCreated = defineEvent("link.created", LinkCore);
export const linkUpdated = defineEvent("link.updated", LinkChange);
export const linkArchived = defineEvent("link.archived", LinkCore);
export const linkUnarchived = defineEvent("link.unarchived", LinkCore);
/** Moved to the trash. */
export const linkDeleted = defineEvent("link.deleted", LinkCore);
export const linkRestored = defineEvent("link.restored", LinkCore);
/** Destroyed, with its clicks. */
export const linkPurged = defineEvent("link.purged", LinkCore);
