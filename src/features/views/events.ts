import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { View } from "./model.ts";

export const viewCreated = defineEvent("view.created", View);
export const viewUpdated = defineUpdate("view.updated", View);
export const viewDeleted = defineEvent("view.deleted", View);
