import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { Workspace } from "./model.ts";

export const workspaceCreated = defineEvent("workspace.created", Workspace);
/** `previous` holds the fields that changed, as they were. */
export const workspaceUpdated = defineEvent(
  "workspace.updated",
  t.Intersect([Workspace, t.Object({ previous: t.Partial(Workspace) })]),
);
/** It answers nothing any more, and can be restored until `purgeAt`. */
export const workspaceDeleted = defineEvent("workspace.deleted", Workspace);
export const workspaceRestored = defineEvent("workspace.restored", Workspace);
/** Gone for good, with everything that was in it. */
export const workspacePurged = defineEvent("workspace.purged", Workspace);
