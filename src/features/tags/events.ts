import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { TagCore } from "./model.ts";

export const tagCreated = defineEvent("tag.created", TagCore);
export const tagUpdated = defineUpdate("tag.updated", TagCore);
export const tagDeleted = defineEvent("tag.deleted", TagCore);
/** Its links have another instead. */
export const tagMerged = defineEvent("tag.merged", t.Composite([TagCore, t.Object({ into: t.String() })]));
