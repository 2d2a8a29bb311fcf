import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { FolderCore } from "./model.ts";

export const folderCreated = defineEvent("folder.created", FolderCore);
export const folderUpdated = defineUpdate("folder.updated", FolderCore);
export const folderDeleted = defineEvent("folder.deleted", FolderCore);
