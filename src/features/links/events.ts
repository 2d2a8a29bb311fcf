import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Comment } from "./comment-model.ts";
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
/** Gone to another workspace, where it is a link of its own. */
export const linkTransferred = defineEvent(
  "link.transferred",
  t.Object({ ...LinkCore.properties, toWorkspaceId: t.String(), toLinkId: t.String() }),
);
export const commentCreated = defineEvent("comment.created", Comment);
export const commentDeleted = defineEvent("comment.deleted", Comment);
