import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Workspace } from "./model.ts";

export const workspaceCreated = defineEvent("workspace.created", Workspace);
export const workspaceUpdated = defineUpdate("workspace.updated", Workspace);
/** It answers nothing any more, and can be restored until `purgeAt`. */
export const workspaceDeleted = defineUpdate("workspace.deleted", Workspace);
export const workspaceRestored = defineUpdate("workspace.restored", Workspace);
/** Gone for good, with everything that was in it. */
export const workspacePurged = defineEvent("workspace.purged", Workspace);
