import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { Extension } from "./model.ts";

export const extensionCreated = defineEvent("extension.created", Extension);
/** `previous` holds the fields that were otherwise. */
export const extensionUpdated = defineEvent(
  "extension.updated",
  t.Composite([Extension, t.Object({ previous: t.Partial(Extension) })]),
);
export const extensionDeleted = defineEvent("extension.deleted", Extension);
