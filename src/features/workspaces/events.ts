import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Workspace } from "./model.ts";

export const workspaceCreated = defineEvent("workspace.created", Workspace);
export const workspaceUpdated = defineUpdate("workspace.updated", Workspace);
