import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Export } from "./export-model.ts";

export const exportCreated = defineEvent("export.created", Export);
export const exportCompleted = defineUpdate("export.completed", Export);
export const exportDeleted = defineEvent("export.deleted", Export);
