import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Export } from "./export-model.ts";
import { Import } from "./import-model.ts";

export const importCreated = defineEvent("import.created", Import);
/** All of its rows have been read. */
export const importCompleted = defineUpdate("import.completed", Import);
/** It is being taken back. */
export const importUndoing = defineUpdate("import.undoing", Import);
export const importUndone = defineUpdate("import.undone", Import);
export const exportCreated = defineEvent("export.created", Export);
export const exportCompleted = defineUpdate("export.completed", Export);
export const exportDeleted = defineEvent("export.deleted", Export);
